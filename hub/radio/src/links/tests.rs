use hub_model::Address;

use super::*;
use crate::{Asking, Listening, Way};

const SERVICE: Service = Service { service: 1, to_sensor: 2, to_hub: 3 };
const ADDRESSES: [Address; 2] = [Address::new([0xA; 6]), Address::new([0xB; 6])];

fn links(adapters: &[(u16, &str)]) -> AdapterLinks {
    let plan = |(receiver, adapter): &(u16, &str)| Plan {
        adapter: adapter.parse().unwrap(),
        receiver: ReceiverId(*receiver),
        listening: Listening::ALWAYS,
        asking: Asking::NEVER,
        way: Way::Best,
    };
    AdapterLinks::new(SERVICE, &adapters.iter().map(plan).collect::<Vec<_>>())
}

#[test]
fn a_sensor_is_connected_by_who_heard_it_where_that_can_be() {
    let present: Vec<Present> =
        (0..).zip(ADDRESSES).map(|(index, address)| Present { index, name: format!("hci{index}"), address }).collect();
    let both = links(&[(1, "hci0"), (2, "0B:0B:0B:0B:0B:0B")]);
    let chosen = |links: &AdapterLinks, present, receiver| {
        links.choose(present, ReceiverId(receiver)).map(|adapter: &Present| adapter.index)
    };
    assert_eq!(chosen(&both, &present[..], 1), Some(0));
    assert_eq!(chosen(&both, &present[..], 2), Some(1));
    // Heard by a receiver elsewhere, or by one that is gone: then whoever is there tries.
    assert_eq!(chosen(&both, &present[..], 7), Some(0));
    assert_eq!(chosen(&both, &present[1..], 1), Some(1));
    assert_eq!(chosen(&both, &[], 1), None);
    assert_eq!(chosen(&links(&[]), &present[..], 1), None);
}

#[test]
fn an_adapter_that_is_not_there_is_told_apart_from_a_sensor_that_does_not_answer() {
    let error = |errno: Errno| io::Error::from(errno);
    assert!(matches!(failed(error(Errno::HOSTUNREACH)), LinkError::NoRadio));
    assert!(matches!(failed(error(Errno::MLINK)), LinkError::Adapter(_)));
    for own in [Errno::AFNOSUPPORT, Errno::NODEV, Errno::MLINK] {
        assert!(is_own_fault(&error(own)), "{own}");
    }
    for theirs in [Errno::TIMEDOUT, Errno::CONNREFUSED, Errno::CONNRESET, Errno::BUSY, Errno::HOSTDOWN] {
        assert!(!is_own_fault(&error(theirs)), "{theirs}");
    }
}
