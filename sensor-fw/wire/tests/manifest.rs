//! The golden vectors of update manifests, made with an implementation of others (`vectors/make.py`).

use wire::{
    firmware::Hardware,
    manifest::{KeyId, Manifest, Target, TrustedKey},
    setup_code::Product,
};

#[test]
fn manifests_are_taken_and_refused_as_the_vectors_say() {
    let file: toml::Table = include_str!("../vectors/manifest.toml").parse().unwrap();
    let rows = file.get("vector").and_then(|rows| rows.as_array()).unwrap();
    assert!(rows.len() > 15);
    for row in rows {
        let text = |key: &str| row.get(key).and_then(|value| value.as_str()).unwrap();
        let bytes = |key: &str| hex::decode(text(key)).unwrap();
        let trusted = [(1, "active_key"), (2, "recovery_key")]
            .map(|(id, key)| TrustedKey { id: KeyId(id), public_key: bytes(key).try_into().unwrap() });
        let hardware = Hardware::new(3).unwrap();
        let target = Target { product: Product(258), hardware, security_counter: 5, room: 200_000 };
        let said = match Manifest::accept(&bytes("manifest"), &trusted, &target) {
            Ok(it) => format!("{} of {} bytes, counter {}", it.version, it.length, it.security_counter),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, text("verdict"), "{}", text("name"));
    }
}
