use super::*;

#[test]
fn what_was_not_touched_for_longest_makes_room() {
    let mut lru = Lru::new(2);
    lru.touch(1, || 'a');
    lru.touch(2, || 'b');
    lru.touch(1, || 'x');
    lru.touch(3, || 'c');
    assert_eq!((lru.get(1), lru.get(2), lru.get(3)), (Some(&'a'), None, Some(&'c')));
    assert_eq!((lru.len(), lru.by_touch.len()), (2, 2));
}

#[test]
fn what_was_taken_out_leaves_no_trace() {
    let mut lru = Lru::new(2);
    lru.touch(1, || 'a');
    assert_eq!(lru.remove(1), Some('a'));
    assert_eq!(lru.remove(1), None);
    assert_eq!((lru.len(), lru.by_touch.len()), (0, 0));
}
