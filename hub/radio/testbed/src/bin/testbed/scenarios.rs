//! What the test bed proves. A scenario is a function in one of the files below and a line here.

mod faults;
mod hub;
mod links;
mod listening;
mod meddling;
mod pairings;
mod receivers;
mod sensors;
mod start;
mod updates;

use std::pin::Pin;

use anyhow::Result;

use crate::bench::Bench;

type Run = for<'a> fn(&'a mut Bench) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// One thing to prove, with a bluetoothd that was just started and one radio plugged in.
pub(crate) struct Scenario {
    /// A sentence that is true when it passes.
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

/// A scenario is called like its function.
macro_rules! scenarios {
    ($($file:ident :: $name:ident),* $(,)?) => {
        &[$(Scenario { name: stringify!($name), run: |bench| Box::pin($file::$name(bench)) }),*]
    };
}

/// All of them. Those of one lane run in this order in one machine, and the lanes side by side: most of their time they wait.
pub(crate) const LANES: [&[Scenario]; 4] = [
    scenarios![
        start::the_adapter_is_there_after_boot,
        listening::the_kernel_hears_fifty_advertisers,
        listening::the_kernel_hears_two_hundred_advertisers,
        listening::the_kernel_hears_what_follows_at_once,
        listening::a_controller_that_filters_by_address_is_heard,
        listening::what_is_said_only_to_who_asks_is_asked_for_now_and_then,
        listening::long_adverts_from_far_away_are_heard,
        listening::bluetoothd_is_the_way_that_is_left,
        links::others_are_heard_while_a_sensor_is_connected,
        links::sensors_are_connected_one_after_the_other,
        links::sensors_are_connected_while_others_are_asked,
        links::one_adapter_connects_and_the_other_hears_everything,
        links::a_sensor_is_connected_while_bluetoothd_discovers,
        links::a_link_needs_no_bluetoothd,
        links::a_link_that_is_cut_is_told_of_at_once,
        links::a_link_to_nobody_ends_in_time,
        sensors::a_sensor_is_found_paired_and_heard,
    ],
    scenarios![
        faults::a_killed_bluetoothd_does_not_deafen_the_hub,
        faults::a_radio_that_is_pulled_out_is_told_of_and_listened_to_again,
        faults::a_deaf_radio_is_noticed,
        faults::a_radio_that_hangs_for_a_while_is_heard_again,
        faults::discovery_goes_on_after_bluetoothd_was_killed,
        faults::the_radio_that_is_left_goes_on,
        meddling::an_adapter_that_somebody_switches_off_is_switched_on_again,
        meddling::an_adapter_that_is_blocked_is_told_of_and_listened_to_again,
        meddling::the_hub_outlives_dbus,
        meddling::a_discovery_by_somebody_else_takes_nothing_away,
        meddling::a_bluetoothd_that_hangs_is_told_of,
    ],
    scenarios![
        hub::a_sensor_is_paired_by_its_label_read_outside_filled_in_updated_and_released,
        pairings::a_sensor_is_paired_in_less_than_five_seconds,
        pairings::twenty_sensors_are_paired_in_one_batch,
        receivers::what_a_box_elsewhere_hears_is_heard_by_the_hub,
    ],
    scenarios![updates::an_update_goes_on_where_its_links_were_cut,],
];
