//! The label: a QR code, in a terminal and as a picture.

use std::fmt::Write as _;

use qrcodegen::{DataTooLong, QrCode, QrCodeEcc};

/// Light modules around the code, without which scanners do not find it (ISO/IEC 18004, 9.1).
const QUIET: i32 = 4;
/// How wide a module is on the label, 0.1 mm.
const MODULE: i32 = 5;
/// What stands below the code, 0.1 mm.
const TEXT: i32 = 30;

/// The code of a text. A fifth of it may be scratched: of the levels that keep it small the strongest is taken.
pub(crate) fn qr(text: &str) -> Result<QrCode, DataTooLong> {
    QrCode::encode_text(text, QrCodeEcc::Medium)
}

/// The code as characters, two modules above one another in each; light on dark terminals and dark on light ones are both
/// read, as the quiet zone is drawn too.
pub(crate) fn terminal(code: &QrCode) -> String {
    let (from, to) = (-QUIET, code.size() + QUIET);
    let mut text = String::new();
    for y in (from..to).step_by(2) {
        for x in from..to {
            text.push(match (code.get_module(x, y), code.get_module(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        text.push('\n');
    }
    text
}

/// The code as a picture of its true size, with the uid below it.
pub(crate) fn svg(code: &QrCode, uid: &str) -> String {
    let modules = code.size() + 2 * QUIET;
    let (width, height) = (modules * MODULE, modules * MODULE + TEXT);
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a String does not fail.
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{}mm" height="{}mm" viewBox="0 0 {width} {height}">
<rect width="{width}" height="{height}" fill="#fff"/>
<path transform="scale({MODULE})" d="{path}"/>
<text x="{}" y="{}" font-family="monospace" font-size="16" text-anchor="middle">{uid}</text>
</svg>
"##,
        f64::from(width) / 10.0,
        f64::from(height) / 10.0,
        width / 2,
        height - TEXT / 2,
    )
}
