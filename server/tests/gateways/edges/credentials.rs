//! A live credential and a dead one in one call, in each place and spelling: nobody passes.

use super::attacked;
use crate::gateways::caddy::Caddy;
use crate::gateways::haproxy::Haproxy;
use crate::gateways::nginx::Nginx;

attacked! {
    "credentials";
    no_dead_credential_passes_beside_a_live_one_of_native_behind_nginx: "native" by Nginx;
    no_dead_credential_passes_beside_a_live_one_of_videntity_behind_nginx: "videntity" by Nginx;
    no_dead_credential_passes_beside_a_live_one_of_runsignup_behind_nginx: "runsignup" by Nginx;
    no_dead_credential_passes_beside_a_live_one_of_rested_behind_nginx: "rested" by Nginx;
    no_dead_credential_passes_beside_a_live_one_of_native_behind_caddy: "native" by Caddy;
    no_dead_credential_passes_beside_a_live_one_of_runsignup_behind_caddy: "runsignup" by Caddy;
    no_dead_credential_passes_beside_a_live_one_of_rested_behind_caddy: "rested" by Caddy;
    no_dead_credential_passes_beside_a_live_one_of_native_behind_haproxy: "native" by Haproxy;
    no_dead_credential_passes_beside_a_live_one_of_videntity_behind_haproxy: "videntity" by Haproxy;
    no_dead_credential_passes_beside_a_live_one_of_runsignup_behind_haproxy: "runsignup" by Haproxy;
    no_dead_credential_passes_beside_a_live_one_of_rested_behind_haproxy: "rested" by Haproxy;
}
