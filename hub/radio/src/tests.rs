use std::collections::HashMap;

use bluer::Uuid;

use crate::{AdapterName, payload};

#[test]
fn an_adapter_is_named_by_kernel_name_or_address() {
    assert_eq!("hci0".parse(), Ok(AdapterName::Name("hci0".into())));
    assert!(matches!("B8:27:EB:00:11:22".parse(), Ok(AdapterName::Address(_))));
    for text in ["", "hci", "hci12345", "eth0", "hciX"] {
        let refused = text.parse::<AdapterName>().map_err(|e| e.to_string());
        assert!(refused.is_err_and(|e| e.contains("hci0")), "{text}");
    }
}

#[test]
fn service_data_of_long_uuids_is_left_out() {
    let long = Uuid::from_u128(0x6D2F_0001_1111_4222_8333_4444_5555_6666);
    let bthome = Uuid::from_u128(0x0000_FCD2_0000_1000_8000_0080_5F9B_34FB);
    let data = HashMap::from([(long, vec![1]), (bthome, vec![0x40])]);
    assert_eq!(payload::service_data(data), vec![(0xFCD2, vec![0x40])]);
}
