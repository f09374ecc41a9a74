//! The bytes of the active slot, from the file that the build leaves.

use map::{Map, PAGE, Part};

/// What flash is where nothing is written.
const ERASED: u8 = 0xFF;
/// A segment that is loaded.
const LOAD: u32 = 1;

/// The image in a file: the loaded parts of an ELF file (32 bits, little-endian), or the file itself.
pub(crate) fn of_file(file: &[u8], map: &Map) -> Result<Vec<u8>, String> {
    let image = match file.starts_with(b"\x7FELF") {
        true => of_elf(file, map.active)?,
        false => file.to_vec(),
    };
    let room = map.active.length - PAGE;
    if image.len() > room as usize {
        return Err(format!("{} bytes, of which {room} fit", image.len()));
    }
    // The vector table: where the stack begins, and the first instruction, odd as all of Thumb's are.
    let (stack, entry) = word(&image, 0).zip(word(&image, 4)).ok_or("it is cut short")?;
    let is_inside = entry % 2 == 1 && (map.active.start..map.active.start + image.len() as u32).contains(&entry);
    if !is_inside || !(map.stack.start..=map.retained.end()).contains(&stack) {
        return Err(format!("it is linked for somewhere else: stack {stack:#010x}, entry {entry:#010x}"));
    }
    Ok(image)
}

fn of_elf(file: &[u8], active: Part) -> Result<Vec<u8>, String> {
    if !file.starts_with(b"\x7FELF\x01\x01") {
        return Err("an ELF file, but not one of 32 bits, little-endian".into());
    }
    let cut = "it is cut short";
    let (headers, length, count) = (word(file, 28).ok_or(cut)?, half(file, 42).ok_or(cut)?, half(file, 44).ok_or(cut)?);
    let mut image = Vec::new();
    for nth in 0..usize::from(count) {
        let header = headers as usize + nth * usize::from(length);
        let field = |at: usize| word(file, header + at).ok_or(cut);
        // Physical addresses: what memory begins with is stored behind the code.
        let (kind, offset, address, bytes) = (field(0)?, field(4)? as usize, field(12)?, field(16)? as usize);
        if kind != LOAD || bytes == 0 {
            continue;
        }
        let segment = offset.checked_add(bytes).and_then(|end| file.get(offset..end)).ok_or(cut)?;
        let place = address.checked_sub(active.start).filter(|at| *at < active.length);
        let place =
            place.ok_or_else(|| format!("something of it is at {address:#010x}, not in the active slot"))? as usize;
        if image.len() < place + bytes {
            image.resize(place + bytes, ERASED);
        }
        image.iter_mut().skip(place).zip(segment).for_each(|(to, from)| *to = *from);
    }
    Ok(image)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}
