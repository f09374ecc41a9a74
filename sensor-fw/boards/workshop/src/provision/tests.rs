use wire::setup_code::SetupCode;

use super::*;

#[test]
fn a_page_is_written_where_the_board_has_it() {
    // The example of the format's description by Intel (1988), as far as one line goes; and a page's upper address.
    assert_eq!(*hex::write(0x000F_F000, &[0x02, 0x33, 0x7A]), ":02000004000FEB\n:03F0000002337A5E\n:00000001FF\n");
    let crossing = hex::write(0x0001_FFF0, &[0; 17]);
    let lines: Vec<&str> = crossing.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[1].starts_with(":10FFF000") && lines[2] == ":020000040002F8" && lines[3].starts_with(":01000000"));
    for line in &lines {
        let digits: Vec<u8> =
            (1..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect();
        assert_eq!(digits.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)), 0, "{line}");
    }
}

#[test]
fn a_sensor_is_made_once_and_its_key_is_nowhere_but_in_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("kitchen.1");
    let arguments = Arguments { board: Board::Nrf54l15Dk, product: 7, out: out.clone() };
    run(&arguments).unwrap();
    let hex = std::fs::read_to_string(beside(&out, "hex")).unwrap();
    let svg = std::fs::read_to_string(beside(&out, "svg")).unwrap();
    let bytes: Vec<u8> = hex
        .lines()
        .filter(|line| line.get(7..9) == Some("00"))
        .flat_map(|line| (9..line.len() - 2).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()))
        .collect();
    let provision = Provision::parse(bytes.as_slice().try_into().unwrap()).unwrap();
    assert_eq!(provision.product, Product(7));
    assert!(svg.contains(&provision.uid.to_string()));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(beside(&out, "hex")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(run(&arguments).unwrap_err().to_string().contains("kitchen.1.hex"));
}

#[test]
fn the_code_is_drawn_with_its_quiet_zone() {
    let provision = Provision::generate(Product(1), &mut UnwrapErr(SysRng));
    let text = provision.setup_code().label().to_string();
    assert_eq!(SetupCode::parse(&text).unwrap(), provision.setup_code());
    let code = label::qr(&text).unwrap();
    // 99 characters at level M: version 5, as the setup code's own description says.
    assert_eq!(code.size(), 37);
    let drawn = label::terminal(&code);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!((lines.len(), lines[0].chars().count()), (23, 45));
    assert!(lines[..2].iter().all(|line| line.chars().all(|c| c == '█')));
    let svg = label::svg(&code, "00");
    let dark = (0..37).flat_map(|y| (0..37).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y)).count();
    assert_eq!(svg.matches("h1v1h-1z").count(), dark);
}
