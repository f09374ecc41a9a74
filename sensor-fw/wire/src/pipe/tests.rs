use proptest::prelude::*;

use super::*;

fn pieces(splitter: &mut Splitter, message: &[u8], size: PieceSize) -> Vec<Vec<u8>> {
    splitter.load(message).unwrap();
    std::iter::from_fn(|| splitter.next(size)).map(|piece| piece.bytes().to_vec()).collect()
}

/// The pieces of a message of 100 bytes, on a new connection.
fn six() -> Vec<Vec<u8>> {
    pieces(&mut Splitter::new(), &[7; 100], PieceSize::SMALLEST)
}

/// Pushes pieces until one fails.
fn error_of(pieces: &[Vec<u8>]) -> Option<PipeError> {
    let mut reassembler = Reassembler::new();
    pieces.iter().find_map(|piece| reassembler.push(piece).err())
}

#[test]
fn heads_say_first_last_and_sequence() {
    let heads: Vec<u8> = six().iter().map(|piece| piece[0]).collect();
    assert_eq!(heads, [0x80, 0x01, 0x02, 0x03, 0x04, 0x45]);
    assert_eq!(pieces(&mut Splitter::new(), b"x", PieceSize::SMALLEST), [[0xC0, b'x']]);
}

#[test]
fn the_sequence_goes_on_across_messages_and_wraps() {
    let (mut splitter, mut reassembler) = (Splitter::new(), Reassembler::new());
    for number in 0..=200_u8 {
        let [piece] = pieces(&mut splitter, &[number], PieceSize::LARGEST).try_into().unwrap();
        assert_eq!(piece, [0xC0 | (number % 64), number]);
        assert_eq!(reassembler.push(&piece), Ok(Some(&mut [number][..])));
    }
}

#[test]
fn a_lost_piece_is_noticed() {
    let mut all = six();
    all.remove(2);
    assert_eq!(error_of(&all), Some(PipeError::Lost { pieces: 1 }));
    assert_eq!(error_of(&six()[1..]), Some(PipeError::Lost { pieces: 1 }));
}

#[test]
fn a_repeated_piece_is_noticed() {
    let mut all = six();
    all.insert(3, all[2].clone());
    assert_eq!(error_of(&all), Some(PipeError::Repeated));
    let one = pieces(&mut Splitter::new(), b"x", PieceSize::LARGEST);
    assert_eq!(error_of(&[one.clone(), one].concat()), Some(PipeError::Repeated));
}

#[test]
fn swapped_pieces_are_noticed() {
    let mut all = six();
    all.swap(2, 3);
    assert_eq!(error_of(&all), Some(PipeError::Lost { pieces: 1 }));
    let all = six();
    assert_eq!(
        error_of(&[all[0].clone(), all[1].clone(), all[2].clone(), all[0].clone()]),
        Some(PipeError::Late { pieces: 3 })
    );
}

#[test]
fn messages_begin_once_and_end_once() {
    assert_eq!(error_of(&[vec![0x00, 1]]), Some(PipeError::NotBegun));
    assert_eq!(error_of(&[vec![0x80, 1], vec![0x81, 2]]), Some(PipeError::BegunAgain));
    assert_eq!(error_of(&[vec![0xC0]]), Some(PipeError::Empty));
    assert_eq!(error_of(&[vec![]]), Some(PipeError::Empty));
    assert_eq!(error_of(&[vec![0xC0; 245]]), Some(PipeError::Oversized { length: 245 }));
    assert_eq!(error_of(&[vec![0xC0; 244]]), None);
}

#[test]
fn a_message_of_1024_bytes_is_carried_and_one_byte_more_is_not() {
    let mut reassembler = Reassembler::new();
    let all = pieces(&mut Splitter::new(), &[5; MAX_MESSAGE], PieceSize::SMALLEST);
    assert_eq!(all.len(), 54);
    let (last, others) = all.split_last().unwrap();
    for piece in others {
        assert_eq!(reassembler.push(piece), Ok(None));
    }
    assert_eq!(reassembler.push(last).unwrap().unwrap(), [5; MAX_MESSAGE]);

    let mut long = all;
    *long.last_mut().unwrap().first_mut().unwrap() &= !LAST;
    long.push(vec![LAST | 54; 18]);
    assert_eq!(error_of(&long), Some(PipeError::TooLong));
    assert_eq!(Splitter::new().load(&[0; 1025]), Err(LoadError::TooLong { length: 1025 }));
}

#[test]
fn a_splitter_sends_one_message_at_a_time() {
    let mut splitter = Splitter::new();
    assert_eq!(splitter.load(&[]), Err(LoadError::Empty));
    splitter.load(&[1; 30]).unwrap();
    splitter.next(PieceSize::SMALLEST).unwrap();
    assert_eq!(splitter.load(&[2]), Err(LoadError::Busy));
    assert_eq!(splitter.next(PieceSize::SMALLEST).unwrap().bytes(), [[0x41].as_slice(), &[1; 11]].concat());
    assert_eq!(splitter.load(&[2]), Ok(()));
}

#[test]
fn after_an_error_the_next_message_is_taken() {
    let mut reassembler = Reassembler::new();
    reassembler.push(&[0x80, 1]).unwrap();
    assert_eq!(reassembler.push(&[0x07, 1]), Err(PipeError::Lost { pieces: 6 }));
    assert_eq!(reassembler.push(&[0x08, 1]), Err(PipeError::NotBegun));
    assert_eq!(reassembler.push(&[0xC9, 3]), Ok(Some(&mut [3_u8][..])));
}

#[test]
fn messages_are_not_printed() {
    let (mut splitter, mut reassembler) = (Splitter::new(), Reassembler::new());
    splitter.load(&[0xAB; 30]).unwrap();
    reassembler.push(splitter.next(PieceSize::SMALLEST).unwrap().bytes()).unwrap();
    let printed = format!("{splitter:?} {reassembler:?} {:?}", splitter.next(PieceSize::SMALLEST).unwrap());
    assert_eq!(printed, "Splitter(30 of 30 bytes sent) Reassembler(Begun(1), 19 bytes) Piece(0x41, 12 bytes)");
}

#[test]
fn an_mtu_leaves_three_bytes_less() {
    for (mtu, bytes) in [(0, 20), (23, 20), (24, 21), (100, 97), (247, 244), (248, 244), (u16::MAX, 244)] {
        assert_eq!(PieceSize::of_mtu(mtu).bytes(), bytes, "{mtu}");
    }
}

proptest! {
    #[test]
    fn what_is_split_is_put_together(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=MAX_MESSAGE), 1..5),
        mtu in 23_u16..300,
    ) {
        let (mut splitter, mut reassembler) = (Splitter::new(), Reassembler::new());
        for message in messages {
            let mut received = None;
            for piece in pieces(&mut splitter, &message, PieceSize::of_mtu(mtu)) {
                prop_assert!(received.is_none());
                received = reassembler.push(&piece).unwrap().map(|message| message.to_vec());
            }
            prop_assert_eq!(received, Some(message));
        }
    }

    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..40)) {
        let mut reassembler = Reassembler::new();
        for piece in pieces {
            if let Ok(Some(message)) = reassembler.push(&piece) {
                prop_assert!((1..=MAX_MESSAGE).contains(&message.len()));
            }
        }
    }

    /// Whatever is done to a train of pieces: a message that comes out is one that went in, unless data was changed.
    #[test]
    fn no_message_is_made_of_lost_repeated_or_swapped_pieces(
        lengths in prop::collection::vec(1_usize..200, 1..4),
        picks in prop::collection::vec(0_usize..30, 0..30),
    ) {
        let mut splitter = Splitter::new();
        let messages: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(n, len)| vec![n as u8; *len]).collect();
        let train: Vec<_> = messages.iter().flat_map(|m| pieces(&mut splitter, m, PieceSize::SMALLEST)).collect();
        let mut reassembler = Reassembler::new();
        for pick in picks {
            if let Ok(Some(message)) = reassembler.push(&train[pick % train.len()]) {
                prop_assert!(messages.iter().any(|sent| sent == message));
            }
        }
    }
}
