//! Identity headers and what else Exeunt reads: they arrive once, as the gateway set them, and none from the client.

use super::attacked;
use crate::gateways::caddy::Caddy;
use crate::gateways::haproxy::Haproxy;
use crate::gateways::nginx::Nginx;

attacked! {
    "headers";
    no_caller_removes_adds_or_doubles_a_header_of_native_behind_nginx: "native" by Nginx;
    no_caller_removes_adds_or_doubles_a_header_of_videntity_behind_nginx: "videntity" by Nginx;
    no_caller_removes_adds_or_doubles_a_header_of_runsignup_behind_nginx: "runsignup" by Nginx;
    no_caller_removes_adds_or_doubles_a_header_of_rested_behind_nginx: "rested" by Nginx;
    no_caller_removes_adds_or_doubles_a_header_of_native_behind_caddy: "native" by Caddy;
    no_caller_removes_adds_or_doubles_a_header_of_runsignup_behind_caddy: "runsignup" by Caddy;
    no_caller_removes_adds_or_doubles_a_header_of_rested_behind_caddy: "rested" by Caddy;
    no_caller_removes_adds_or_doubles_a_header_of_native_behind_haproxy: "native" by Haproxy;
    no_caller_removes_adds_or_doubles_a_header_of_videntity_behind_haproxy: "videntity" by Haproxy;
    no_caller_removes_adds_or_doubles_a_header_of_runsignup_behind_haproxy: "runsignup" by Haproxy;
    no_caller_removes_adds_or_doubles_a_header_of_rested_behind_haproxy: "rested" by Haproxy;
}
