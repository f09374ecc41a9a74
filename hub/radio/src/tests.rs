use std::collections::HashMap;

use bluer::Uuid;

use crate::payload;

#[test]
fn service_data_is_told_apart_by_the_length_of_its_uuid() {
    let long = Uuid::from_u128(0x6D2F_0001_1111_4222_8333_4444_5555_6666);
    let bthome = Uuid::from_u128(0x0000_FCD2_0000_1000_8000_0080_5F9B_34FB);
    let data = HashMap::from([(long, vec![1]), (bthome, vec![0x40])]);
    assert_eq!(payload::long_service_data(&data), vec![(long.as_u128(), vec![1])]);
    assert_eq!(payload::service_data(data), vec![(0xFCD2, vec![0x40])]);
}
