use super::elf::Size;
use super::sizes::Sizes;

/// An ELF file with these segments: kind, address, bytes in the file, bytes in memory. All of them begin with this word.
fn elf(first: u32, segments: &[[u32; 4]]) -> Vec<u8> {
    let mut bytes = vec![0; 52];
    bytes[..6].copy_from_slice(b"\x7FELF\x01\x01");
    bytes[28] = 52;
    bytes[42] = 32;
    bytes[44] = segments.len() as u8;
    let behind = 52 + 32 * segments.len() as u32;
    for [kind, address, in_file, in_memory] in segments {
        for word in [*kind, behind, *address, 0, *in_file, *in_memory, 0, 0] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes.extend(first.to_le_bytes());
    bytes
}

const STACK: u32 = 0x2000_8000;
const TEXT_SEGMENT: [u32; 4] = [1, 0x8000, 1000, 1000];

#[test]
fn what_memory_begins_with_is_in_flash_too() {
    let (data, bss, note) = ([1, STACK, 24, 24], [1, STACK + 24, 0, 300], [4, 0x2000_0000, 5, 5]);
    let size = Size::of_elf(&elf(STACK, &[TEXT_SEGMENT, data, bss, note])).unwrap();
    assert_eq!(size, Size { flash: 1024, ram: 324 });
}

#[test]
fn a_stack_that_could_grow_into_something_is_told() {
    let check = |stack: u32, owned: u32| {
        let result = Size::of_elf(&elf(stack, &[[1, owned, 0, 8], TEXT_SEGMENT, [1, 0x2000_0000, 0, 0]]));
        result.is_err_and(|error| error.to_string().contains("not below all else"))
    };
    assert!(!check(STACK, STACK) && !check(STACK, STACK + 64));
    assert!(check(STACK, STACK - 4) && check(STACK, 0x2000_0000));
    // As it is without a word from us: at the end of memory; and what is no stack at all.
    assert!(check(0x2004_0000, 0x2000_0000) && check(0, STACK));
}

#[test]
fn what_is_no_image_is_said_to_be_none() {
    let message = |bytes: &[u8]| Size::of_elf(bytes).unwrap_err().to_string();
    assert!(message(b"MZ").contains("not an ELF"));
    assert!(message(&elf(STACK, &[[1, 0, 9, 9]])[..60]).contains("cut short"));
    assert!(message(&elf(STACK, &[])).contains("nothing"));
}

const TEXT: &str = "[a]\nflash = 100\nflash_budget = 110\nram = 10\nram_budget = 12\n";

#[test]
fn over_the_budget_is_said_and_below_it_nothing() {
    let sizes = Sizes::parse(TEXT).unwrap();
    assert!(sizes.over(&[("a", Size { flash: 110, ram: 12 })]).is_empty());
    assert_eq!(
        sizes.over(&[("a", Size { flash: 111, ram: 14 }), ("b", Size { flash: 1, ram: 1 })]),
        ["a takes 111 bytes of flash, 1 too many", "a takes 14 bytes of memory, 2 too many", "b has no budget"]
    );
    let table = sizes.table(&[("a", Size { flash: 90, ram: 11 })]);
    assert!(table.contains("90     -10 of     110") && table.contains("11      +1 of      12"), "{table}");
}

#[test]
fn blessing_changes_what_is_and_not_what_may_be() {
    let mut sizes = Sizes::parse(TEXT).unwrap();
    sizes.take(&[("a", Size { flash: 120, ram: 9 })]);
    let text = sizes.text();
    assert!(text.ends_with("[a]\nflash = 120\nflash_budget = 110\nram = 9\nram_budget = 12\n"), "{text}");
    assert_eq!(Sizes::parse(&text).unwrap().over(&[("a", Size { flash: 120, ram: 9 })]).len(), 1);
}
