//! The dialect's own calls behind a gateway: their callers are known by their real addresses, and reach nothing else of
//! Exeunt's.

use super::attacked;
use crate::gateways::caddy::Caddy;
use crate::gateways::haproxy::Haproxy;
use crate::gateways::nginx::Nginx;

attacked! {
    "own_locations";
    no_caller_lies_to_exeunt_through_its_own_locations_of_videntity_behind_nginx: "videntity" by Nginx;
    no_caller_lies_to_exeunt_through_its_own_locations_of_runsignup_behind_nginx: "runsignup" by Nginx;
    no_caller_lies_to_exeunt_through_its_own_locations_of_rested_behind_nginx: "rested" by Nginx;
    no_caller_lies_to_exeunt_through_its_own_locations_of_runsignup_behind_caddy: "runsignup" by Caddy;
    no_caller_lies_to_exeunt_through_its_own_locations_of_rested_behind_caddy: "rested" by Caddy;
    no_caller_lies_to_exeunt_through_its_own_locations_of_videntity_behind_haproxy: "videntity" by Haproxy;
    no_caller_lies_to_exeunt_through_its_own_locations_of_runsignup_behind_haproxy: "runsignup" by Haproxy;
    no_caller_lies_to_exeunt_through_its_own_locations_of_rested_behind_haproxy: "rested" by Haproxy;
}
