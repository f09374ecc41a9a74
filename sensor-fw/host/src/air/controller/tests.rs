use bt_hci::{ControllerToHostPacket, PacketKind};

use super::*;

const DATA: [u8; 32] = {
    let mut data = [0; 32];
    (data[0], data[1], data[2], data[3]) = (3, 2, 1, 6);
    data
};
const ADDRESS: [u8; 6] = [5, 4, 3, 2, 1, 0xC0];
const INTERVAL: [u8; 4] = [160, 0, 160, 0];

fn command<C: Cmd>(controller: &mut Controller, parameters: &[u8]) -> Result<Reply, Error> {
    controller.command(C::OPCODE.to_raw(), parameters, 0)
}

fn parameters(kind: u8) -> Vec<u8> {
    let mut parameters = INTERVAL.to_vec();
    parameters.extend([kind, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0]);
    parameters
}

fn advertising(kind: u8) -> Controller {
    let mut controller = Controller::new(1);
    command::<Reset>(&mut controller, &[]).unwrap();
    command::<LeSetRandomAddr>(&mut controller, &ADDRESS).unwrap();
    command::<LeSetAdvParams>(&mut controller, &parameters(kind)).unwrap();
    command::<LeSetAdvData>(&mut controller, &DATA).unwrap();
    command::<LeSetAdvEnable>(&mut controller, &[1]).unwrap();
    controller
}

/// What the host reads, each packet as HCI has it.
fn read(controller: &mut Controller) -> Vec<Packet> {
    let packets: Vec<Packet> = std::iter::from_fn(|| controller.read(Waker::noop())).collect();
    for packet in &packets {
        let (kind, bytes) = match packet {
            Packet::Event(bytes) => (PacketKind::Event, bytes),
            Packet::Acl(bytes) => (PacketKind::AclData, bytes),
        };
        let (_, rest) = ControllerToHostPacket::from_hci_bytes_with_kind(kind, bytes).unwrap();
        assert!(rest.is_empty());
    }
    packets
}

#[test]
fn what_it_was_told_is_what_it_sends() {
    let mut sent = Vec::new();
    let mut controller = advertising(NOT_CONNECTABLE);
    assert_eq!(controller.send_until(1_000_000, Listening::Every, Some([0xC0, 1, 2, 3, 4, 5]), &mut sent), None);
    assert!((9..=10).contains(&sent.len()), "a tenth of a second apart: {}", sent.len());
    assert!(sent.iter().all(|pdu| pdu.from == [0xC0, 1, 2, 3, 4, 5] && !pdu.is_connectable && pdu.data() == [2, 1, 6]));
    command::<LeSetAdvEnable>(&mut controller, &[0]).unwrap();
    assert_eq!(controller.send_until(2_000_000, Listening::Every, None, &mut sent), None);
    assert!(sent.len() <= 10);
}

#[test]
fn what_it_does_not_know_or_cannot_do_is_refused() {
    let mut controller = advertising(CONNECTABLE);
    let refused =
        |controller: &mut Controller, opcode, parameters: &[u8]| controller.command(opcode, parameters, 0).unwrap_err();
    assert_eq!(refused(&mut controller, 0x1234, &[]), Error::UNKNOWN_CMD);
    assert_eq!(refused(&mut controller, LeSetAdvEnable::OPCODE.to_raw(), &[2]), Error::INVALID_HCI_PARAMETERS);
    assert_eq!(refused(&mut controller, LeSetAdvData::OPCODE.to_raw(), &[1, 2]), Error::INVALID_HCI_PARAMETERS);
    assert_eq!(refused(&mut controller, LeSetRandomAddr::OPCODE.to_raw(), &ADDRESS), Error::CMD_DISALLOWED);
    assert_eq!(refused(&mut controller, LeSetAdvParams::OPCODE.to_raw(), &parameters(0)), Error::CMD_DISALLOWED);
    assert_eq!(refused(&mut controller, Disconnect::OPCODE.to_raw(), &[1, 0, 0x13]), Error::UNKNOWN_CONN_IDENTIFIER);
    command::<LeSetAdvEnable>(&mut controller, &[0]).unwrap();
    assert_eq!(refused(&mut controller, LeSetAdvParams::OPCODE.to_raw(), &parameters(1)), Error::UNSUPPORTED);
    assert_eq!(refused(&mut controller, LeSetAdvParams::OPCODE.to_raw(), &[1]), Error::INVALID_HCI_PARAMETERS);
}

#[test]
fn frames_cross_in_packets_and_are_whole_again() {
    let mut controller = advertising(CONNECTABLE);
    let connected_us =
        controller.send_until(1_000_000, Listening::Every, Some([0xC0, 1, 2, 3, 4, 5]), &mut Vec::new()).unwrap();
    controller.connected(connected_us);
    assert_eq!(read(&mut controller).len(), 1);
    // One is enough.
    let again = command::<LeSetAdvEnable>(&mut controller, &[1]);
    assert_eq!(again, Err(Error::CONN_LIMIT_EXCEEDED));
    // From the central, in two packets.
    let mut frame = vec![0x2C, 1, 4, 0];
    frame.resize(4 + 300, 7);
    controller.send_to_sensor(&frame);
    controller.cross(connected_us + 30_000);
    let packets = read(&mut controller);
    let lengths: Vec<_> =
        packets.iter().map(|packet| matches!(packet, Packet::Acl(bytes) if bytes.len() > 4)).collect();
    assert_eq!(lengths, [true, true]);
    // From the host, likewise.
    controller.write_acl(0, &frame[..200]);
    controller.write_acl(CONTINUING, &frame[200..]);
    assert_eq!(controller.take_arrived(), None);
    controller.cross(connected_us + 60_000);
    assert_eq!(controller.take_arrived(), Some(frame));
    assert_eq!(read(&mut controller), [Packet::Event(vec![0x13, 5, 1, 1, 0, 2, 0])]);
    // It hangs up.
    command::<Disconnect>(&mut controller, &[1, 0, 0x13]).unwrap();
    assert_eq!(controller.gone(), None);
    controller.cross(connected_us + 90_000);
    assert_eq!(controller.gone(), Some(Gone::Sensor));
    assert_eq!(read(&mut controller), [Packet::Event(vec![0x05, 4, 0, 1, 0, 0x16])]);
}

#[test]
fn a_radio_without_power_is_silent_and_whoever_was_connected_is_alone() {
    let mut controller = advertising(CONNECTABLE);
    controller.connected(0);
    controller.power_off();
    assert_eq!(controller.gone(), Some(Gone::Timeout));
    assert_eq!(controller.send_until(1_000_000, Listening::Every, None, &mut Vec::new()), None);
    assert!(read(&mut controller).is_empty());
}
