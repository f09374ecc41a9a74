use hub_model::{DeviceId, Quantity, Retention};

use super::*;

fn retain(quantity: Option<Quantity>, retention: Option<Retention>) -> u128 {
    fingerprint(&Command::RetainDevice { device: DeviceId::from_u64(0xA4C1_3800_1122), quantity, retention }).unwrap()
}

/// These numbers are in files that are out there: another one would do a command twice that crosses an update.
#[test]
fn a_command_of_the_first_version_keeps_its_number() {
    let month = Retention { raw_days: Some(30), rollup_days: None };
    assert_eq!(retain(None, None), 0x91905917_7ae83a49_1947558c_b91b4ed9);
    assert_eq!(retain(None, Some(month)), 0xaff9e609_1a6626ba_40f3cbad_2fe0a9bd);
}

#[test]
fn the_retention_of_another_quantity_is_another_command() {
    let mut numbers = [None, Some(Quantity::Temperature), Some(Quantity::Power)].map(|of| retain(of, None)).to_vec();
    numbers.push(retain(Some(Quantity::Power), Some(Retention::default())));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
}
