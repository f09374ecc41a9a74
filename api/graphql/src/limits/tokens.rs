use super::{LimitError, Limits, at_most};

/// Counts tokens and the nesting of brackets, as the lexical grammar of GraphQL (October 2021, section 2.1) has them.
///
/// What is not GraphQL is counted somehow: the parser refuses it afterwards.
pub(super) fn check(limits: &Limits, text: &str) -> Result<(), LimitError> {
    let (mut tokens, mut nesting) = (0, 0_usize);
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let length = match first {
            // Insignificant: white space, line ends, commas, the byte order mark.
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                rest = behind;
                continue;
            }
            b'#' => {
                rest = skip(rest, run(rest, |byte| byte != b'\n' && byte != b'\r'));
                continue;
            }
            b'"' => string(rest),
            b'.' => run(rest, |byte| byte == b'.').min(3),
            b'-' | b'0'..=b'9' => run(rest, |byte| is_word(byte) || matches!(byte, b'-' | b'+' | b'.')),
            byte if is_word(*byte) => run(rest, is_word),
            _ => 1,
        };
        match first {
            b'{' | b'(' | b'[' => nesting += 1,
            b'}' | b')' | b']' => nesting = nesting.saturating_sub(1),
            _ => (),
        }
        tokens += 1;
        at_most("tokens", tokens, limits.tokens)?;
        at_most("nesting", nesting, limits.nesting)?;
        rest = skip(rest, length);
    }
    Ok(())
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}

fn skip(text: &[u8], length: usize) -> &[u8] {
    text.get(length..).unwrap_or_default()
}

/// The length of the string or block string that `text` begins with.
fn string(text: &[u8]) -> usize {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        let mut at = 0;
        while at < block.len() {
            let rest = skip(block, at);
            if rest.starts_with(b"\"\"\"") {
                return at + 6;
            }
            at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
        }
        return text.len();
    }
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(b'\n' | b'\r') => return at,
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}
