use embassy_futures::block_on;

use super::*;

type Nor = NorSim<64>;

fn read(nor: &mut Nor, from: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    block_on(nor.read(from, &mut bytes)).unwrap();
    bytes
}

#[test]
fn the_rules_of_the_chip_are_enforced() {
    let mut nor = Nor::new(2);
    assert_eq!(block_on(nor.write(2, &[0; 4])), Err(NorError::NotAligned));
    assert_eq!(block_on(nor.write(0, &[0; 3])), Err(NorError::NotAligned));
    assert_eq!(block_on(nor.write(126, &[0; 4])), Err(NorError::NotAligned));
    assert_eq!(block_on(nor.write(128, &[0; 4])), Err(NorError::OutOfBounds));
    assert_eq!(block_on(nor.erase(32, 64)), Err(NorError::NotAligned));
    block_on(nor.write(0, &[0xF0, 0, 0, 0])).unwrap();
    assert_eq!(block_on(nor.write(0, &[0x0F, 0, 0, 0])), Err(NorError::NotErased));
    block_on(nor.write(0, &[0x30, 0, 0, 0])).unwrap();
    assert_eq!(block_on(nor.write(0, &[0x10, 0, 0, 0])), Err(NorError::WornWord));
    block_on(nor.erase(0, 64)).unwrap();
    block_on(nor.write(0, &[0x0F, 0, 0, 0])).unwrap();
    assert_eq!((read(&mut nor, 0)[0], nor.wear()), (0x0F, 1));
}

#[test]
fn a_cut_leaves_old_and_new_bits_only_and_nothing_works_without_power() {
    for fault in Fault::ALL {
        for luck in 0..200 {
            let mut nor = Nor::new(1);
            block_on(nor.write(0, &[0xAA; 8])).unwrap();
            nor.cut_power(0, fault, luck);
            assert_eq!(block_on(nor.write(0, &[0x0A; 8])), Err(NorError::Off));
            assert!(nor.is_off());
            assert_eq!(block_on(nor.read(0, &mut [0; 4])), Err(NorError::Off));
            nor.power_up();
            for byte in read(&mut nor, 0) {
                assert_eq!((byte & 0x0A, byte & 0x55), (0x0A, 0), "{fault:?}");
            }
            assert_eq!(read(&mut nor, 8), [0xFF; 8]);
        }
    }
}

#[test]
fn weak_bits_read_differently_until_the_page_is_erased() {
    let mut nor = Nor::new(1);
    nor.cut_power(0, Fault::Weak, 7);
    assert_eq!(block_on(nor.write(0, &[0; 8])), Err(NorError::Off));
    nor.power_up();
    let first = read(&mut nor, 0);
    assert!((0..20).any(|_| read(&mut nor, 0) != first));
    block_on(nor.erase(0, 64)).unwrap();
    assert!((0..20).all(|_| read(&mut nor, 0) == [0xFF; 8]));
}
