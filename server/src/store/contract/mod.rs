//! The promises of every store, as plain functions that take a store and fail if it breaks one.
//!
//! `tests/stores.rs` runs each of them on each store. A store is done when all of them hold; what is not written here
//! is not promised.

mod adopting;
mod children;
mod clock;
mod commits;
mod consents;
mod directory;
mod faults;
mod fixture;
mod grants;
mod limits;
mod lists;
mod logouts;
mod names;
mod reopen;
mod sessions;
mod sweeping;
mod turns;
mod usage;

use std::pin::Pin;

pub use adopting::*;
pub use children::*;
pub use clock::*;
pub use commits::*;
pub use consents::*;
pub use directory::*;
pub use faults::history_with_fault;
pub use fixture::{
    NOW, REALM, all_in_force, audit_entry, client, fresh, issue, oldest, raise, raise_session, realm, user,
};
pub use grants::*;
pub use limits::*;
pub use lists::*;
pub use logouts::*;
pub use names::*;
pub use reopen::{Everything, everything, write_everything};
pub use sessions::*;
pub use sweeping::*;
pub use turns::*;
pub use usage::*;

use super::Store;
use crate::error::Result;

/// A promise: `Ok` if the store keeps it. A broken one panics, as an assertion does, and says what it saw.
pub type Promise = for<'a> fn(&'a dyn Store) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Passes the names of all promises to another macro.
#[macro_export]
macro_rules! with_promises {
    ($callback:ident $($more:tt)*) => {
        $callback! { $($more)*
            stamps_are_contiguous
            a_position_covers_what_was_acknowledged
            a_change_of_user_commits_with_its_mark_or_not_at_all
            a_change_of_client_commits_with_its_mark
            a_session_commits_with_its_line_or_not_at_all
            reserved_numbers_never_repeat
            a_secret_is_kept_for_good
            the_feed_misses_nothing_page_by_page
            the_feed_of_a_realm_tells_positions_of_the_whole
            a_snapshot_holds_what_is_in_force
            a_snapshot_is_read_page_by_page
            of_concurrent_raises_one_found_it_alive
            an_ended_session_gets_no_second_mark
            an_expired_session_gets_one_mark_that_says_so
            marks_on_other_anchors_are_always_new
            an_unknown_session_cannot_be_ended
            why_is_the_earliest_mark
            logging_out_the_others_spares_the_family
            only_ones_own_session_can_be_kept
            a_session_is_found_as_it_was_issued
            a_session_is_issued_once
            a_limit_ends_the_longest_unseen
            a_limit_counts_only_the_living
            a_limit_never_ends_what_the_new_session_hangs_from
            a_limit_is_of_one_client
            a_limit_counts_a_child_for_its_own_client
            a_limit_counts_a_child_for_its_own_user
            a_limit_counts_the_living_among_many
            a_limit_holds_among_many_at_once
            the_others_are_ended_among_many
            the_others_are_ended_however_long_they_are_in_use
            a_limit_knows_touches_that_were_swept_up
            times_ahead_are_set_back
            what_was_written_ahead_is_forgotten_in_time
            a_child_of_a_dead_parent_is_refused
            a_child_of_an_expired_parent_is_refused
            no_child_outlives_a_concurrent_logout
            a_child_expires_with_its_parent
            a_mark_on_a_consent_ends_its_sessions
            a_generation_yields_the_next_once
            a_used_generation_never_goes_down
            all_takers_get_one_successor
            a_superseded_generation_ends_its_session
            a_clock_set_back_repeats_no_answer
            a_thief_in_step_is_noticed
            what_another_client_presents_ends_nothing
            a_dead_session_yields_nothing
            an_expired_session_yields_nothing
            a_proof_is_kept_until_the_next
            a_generation_is_forgotten_with_its_session
            a_grant_is_found_by_its_id_only
            a_code_is_redeemed_once
            client_credentials_have_one_session
            a_session_of_client_credentials_is_replaced
            stale_client_credentials_get_no_session
            sessions_are_listed_under_parents_and_consents
            a_consent_is_kept
            withdrawing_is_whole_or_nothing
            a_consent_without_a_record_can_be_withdrawn
            a_consent_is_of_the_realm_of_its_user
            one_of_concurrent_withdrawals_is_done
            consents_are_deleted_with_their_user
            sealing_keys_are_kept_and_replaced
            a_later_touch_wins
            a_touch_never_revives
            expiring_spares_the_touched
            sessions_are_listed_newest_first
            a_list_tells_where_it_goes_on
            the_unended_are_read_page_by_page
            users_are_found_by_their_identifiers
            identifiers_are_unique_and_freed_by_deletion
            a_name_is_one_however_its_letters_are_composed
            user_names_are_compared_as_the_realm_says
            case_is_not_ignored_while_it_tells_two_users_apart
            a_realm_is_changed_by_who_has_read_it
            a_registered_name_looks_like_no_other
            a_stale_version_changes_nothing
            users_are_listed_by_number
            hashes_of_passwords_are_read_page_by_page
            names_and_keys_of_clients_are_unique
            realms_are_made_with_their_clients
            keys_come_and_go
            the_trail_is_read_from_its_end
            sweeping_forgets_only_the_long_dead
            sweeping_never_wakes_the_dead
            sweeping_keeps_slow_marks
            sweeping_keeps_marks_in_force
            the_log_begins_where_it_was_dropped
            users_are_imported_each_whole_or_not_at_all
            an_adopted_session_is_a_session
            a_token_is_adopted_once
            the_dead_are_not_adopted
            adopting_ends_nobody
            usage_only_grows
        }
    };
}

macro_rules! list {
    ($($name:ident)*) => {
        /// Every promise, with its name.
        pub const CONTRACT: &[(&str, Promise)] =
            &[$((stringify!($name), |store| Box::pin($name(store)))),*];
    };
}

with_promises!(list);
