//! A sensor's end is a pair of sockets, and a table of attributes.

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::*;

const SERVICE: Service = Service { service: 0xA, to_sensor: 0xB, to_hub: 0xC };
const PEER: Address = Address::new([0xC0, 0, 0, 0, 0, 1]);
const PATIENCE: Duration = Duration::from_secs(10);

/// The other end, and what it was asked.
struct Sensor {
    socket: Socket,
    asked: Vec<Vec<u8>>,
}

fn pair() -> (Socket, Sensor) {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
    (Socket::of(ours).unwrap(), Sensor { socket: Socket::of(theirs).unwrap(), asked: Vec::new() })
}

impl Sensor {
    /// Takes what is asked next.
    async fn take(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 256];
        let length = self.socket.receive(&mut buffer).await.unwrap();
        let packet = (length > 0).then(|| buffer[..length].to_vec());
        self.asked.extend(packet.clone());
        packet
    }

    fn say(&self, packet: &[u8]) {
        self.socket.send(packet).unwrap();
    }

    /// Answers as a sensor does whose service has handles 4 to 9, and says what was asked after that.
    async fn settle(&mut self) {
        while let Some(question) = self.take().await {
            match question[0] {
                0x02 => self.say(&[0x03, 100, 0]),
                0x06 => self.say(&[0x07, 4, 0, 9, 0]),
                // One characteristic at a time, as packets of 23 bytes make it.
                0x08 if question[1] == 4 => {
                    self.say(&[&[0x09, 21, 5, 0, 0x08, 6, 0][..], &0xB_u128.to_le_bytes()].concat());
                }
                0x08 if question[1] == 6 => {
                    self.say(&[&[0x09, 21, 7, 0, 0x10, 8, 0][..], &0xC_u128.to_le_bytes()].concat());
                }
                0x04 => self.say(&[0x05, 1, 9, 0, 0x02, 0x29]),
                0x12 => return self.say(&[0x13]),
                opcode => self.say(&[0x01, opcode, 0, 0, 0x0A]),
            }
        }
    }
}

/// A client that has settled in, and its sensor.
async fn settled() -> (Client, Sensor) {
    let (ours, mut sensor) = pair();
    let (client, ()) = tokio::join!(Client::settle_in(ours, PEER, &SERVICE, PATIENCE), sensor.settle());
    (client.unwrap(), sensor)
}

#[tokio::test]
async fn a_client_settles_in_by_what_the_table_says() {
    let (client, sensor) = settled().await;
    assert_eq!((client.mtu(), client.to_sensor, client.to_hub), (100, 6, 8));
    assert_eq!(sensor.asked.last().unwrap(), &[0x12, 9, 0, 1, 0]);
}

#[tokio::test]
async fn pieces_that_come_before_an_answer_are_kept_in_order() {
    let (mut client, mut sensor) = settled().await;
    let answer = async {
        assert_eq!(sensor.take().await.unwrap(), [0x12, 6, 0, 0xAA]);
        sensor.say(&[0x1B, 8, 0, 1]);
        // Of another characteristic, an indication, and a question of its own.
        sensor.say(&[0x1B, 3, 0, 9]);
        sensor.say(&[0x1D, 8, 0, 2]);
        sensor.say(&[0x02, 23, 0]);
        sensor.say(&[0x13]);
        assert_eq!(sensor.take().await.unwrap(), [0x1E]);
        assert_eq!(sensor.take().await.unwrap(), [0x01, 0x02, 0, 0, 0x06]);
        sensor.say(&[0x1B, 8, 0, 3]);
    };
    let (written, ()) = tokio::join!(client.write(&[0xAA]), answer);
    written.unwrap();
    for piece in 1..=3 {
        assert_eq!(client.notified().await.unwrap(), [piece]);
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_told_of_at_once() {
    let (mut client, sensor) = settled().await;
    sensor.say(&[0x1B, 8, 0, 1]);
    drop(sensor);
    assert_eq!(client.notified().await.unwrap(), [1]);
    assert!(matches!(client.notified().await, Err(LinkError::Lost)));
    assert!(matches!(client.write(&[1]).await, Err(LinkError::Lost)));
}

#[tokio::test(start_paused = true)]
async fn a_sensor_that_says_nothing_is_not_waited_for_for_ever() {
    let (mut client, _sensor) = settled().await;
    assert!(matches!(client.notified().await, Err(LinkError::Silent { patience: PATIENCE })));
    assert!(matches!(client.write(&[1]).await, Err(LinkError::Silent { patience: PATIENCE })));
}

#[tokio::test]
async fn who_has_another_table_is_no_sensor_of_ours() {
    for (name, answers) in [
        ("no service", &[&[0x03, 23, 0][..], &[0x01, 0x06, 0, 0, 0x0A]][..]),
        ("no MTU, no characteristics", &[&[0x01, 0x02, 0, 0, 6], &[0x07, 4, 0, 9, 0], &[0x01, 0x08, 4, 0, 0x0A]]),
        ("characteristics that go round", &[&[0x03, 23, 0], &[0x07, 4, 0, 9, 0], &[0x09, 7, 3, 0, 2, 3, 0, 0, 0x2A]]),
    ] {
        let (ours, mut sensor) = pair();
        let answer = async {
            for answer in answers {
                sensor.take().await.unwrap();
                sensor.say(answer);
            }
        };
        let (client, ()) = tokio::join!(Client::settle_in(ours, PEER, &SERVICE, PATIENCE), answer);
        assert!(matches!(client, Err(LinkError::Foreign { address: PEER, .. })), "{name}");
    }
}

#[tokio::test]
async fn who_sends_without_end_is_no_sensor_of_ours() {
    let (mut client, mut sensor) = settled().await;
    let flood = async {
        sensor.take().await.unwrap();
        for _ in 0..MAX_WAITING + 1 {
            while sensor.socket.send(&[0x1B, 8, 0, 1]).is_err() {
                tokio::task::yield_now().await;
            }
        }
    };
    let (written, ()) = tokio::join!(client.write(&[1]), flood);
    assert!(matches!(written, Err(LinkError::Foreign { .. })));
}
