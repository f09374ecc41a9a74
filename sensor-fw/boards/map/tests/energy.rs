//! What the boards keep on is what the model of energy charges for.

use fw_energy::{profile, table::chips};
use map::Board;

#[test]
fn the_model_of_energy_charges_for_the_memory_that_stays_on() {
    for (board, chip) in Board::ALL.into_iter().zip(chips::ALL) {
        assert!(board.name().starts_with(&format!("{}-", chip.name)), "{board:?}, {}", chip.name);
        for profile in profile::ALL {
            assert_eq!(profile.ram_kib.min(chip.ram_kib) * 1024, board.kept(), "{} on {board:?}", profile.name);
        }
    }
}
