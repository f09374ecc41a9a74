//! What the boards keep on is what the model of energy charges for.

use fw_energy::{profile, table::chips};
use map::{Board, KEPT};

#[test]
fn the_model_of_energy_charges_for_the_memory_that_stays_on() {
    for profile in profile::ALL {
        assert_eq!(profile.ram_kib * 1024, KEPT, "{}", profile.name);
    }
}

#[test]
fn there_is_a_board_for_each_chip_that_it_knows() {
    let chip_of = |board: Board| board.name().split_once('-').map(|(chip, _)| chip);
    assert_eq!(Board::ALL.map(chip_of), chips::ALL.map(|chip| Some(chip.name)));
}
