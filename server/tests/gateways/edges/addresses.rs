//! Addresses that no standard allows and that applications serve: whoever may pass, passes.

use super::attacked;
use crate::gateways::caddy::Caddy;
use crate::gateways::haproxy::Haproxy;
use crate::gateways::nginx::Nginx;

attacked! {
    "addresses";
    what_the_application_serves_passes_of_native_behind_nginx: "native" by Nginx;
    what_the_application_serves_passes_of_videntity_behind_nginx: "videntity" by Nginx;
    what_the_application_serves_passes_of_runsignup_behind_nginx: "runsignup" by Nginx;
    what_the_application_serves_passes_of_rested_behind_nginx: "rested" by Nginx;
    what_the_application_serves_passes_of_native_behind_caddy: "native" by Caddy;
    what_the_application_serves_passes_of_runsignup_behind_caddy: "runsignup" by Caddy;
    what_the_application_serves_passes_of_rested_behind_caddy: "rested" by Caddy;
    what_the_application_serves_passes_of_native_behind_haproxy: "native" by Haproxy;
    what_the_application_serves_passes_of_videntity_behind_haproxy: "videntity" by Haproxy;
    what_the_application_serves_passes_of_runsignup_behind_haproxy: "runsignup" by Haproxy;
    what_the_application_serves_passes_of_rested_behind_haproxy: "rested" by Haproxy;
}
