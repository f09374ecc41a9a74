//! The table itself: a new row, or a new word in one, is a change of the design.

/// What one crate may lean on.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The crates of this repository that it may import.
    pub(super) may_import: &'static [&'static str],
}

const fn row(name: &'static str, may_import: &'static [&'static str]) -> Row {
    Row { name, may_import }
}

/// One row a crate, in the order in which a reading flows.
pub(super) const ROWS: &[Row] = &[
    row("units", &[]),
    row("wire", &["units"]),
    row("fw-logic", &["wire", "units"]),
    row("fw-drivers", &["units"]),
    row("fw-app", &["fw-logic", "fw-drivers", "wire", "units"]),
    row("fw-host", &["fw-app", "fw-logic", "fw-drivers", "wire", "units"]),
    row("fw-energy", &["fw-logic", "wire", "units"]),
    row("hub-model", &["units"]),
    row("hub-radio", &["hub-model"]),
    row("hub-testbed", &["hub-radio", "hub-link", "hub-model", "wire"]),
    row("hub-decode", &["hub-model", "wire", "units"]),
    row("hub-normalise", &["hub-model", "units"]),
    row("hub-bus", &["hub-model"]),
    row("hub-link", &["hub-model", "wire", "units"]),
    row("hub-history", &["hub-model", "hub-bus", "units"]),
    row("hub-archive", &["hub-model"]),
    row("hub-registry", &["hub-model"]),
    row("hub-ota", &["hub-model", "wire"]),
    row("hub-receive", &["hub-model"]),
    row("api-graphql", &["hub-model", "hub-bus", "units"]),
    row("api-server", &["api-graphql", "hub-model", "hub-bus"]),
    row(
        "hub-assembly",
        &[
            "hub-model",
            "hub-bus",
            "hub-decode",
            "hub-normalise",
            "hub-history",
            "hub-registry",
            "hub-link",
            "hub-ota",
            "api-graphql",
            "api-server",
            "units",
        ],
    ),
    row(
        "hub-daemon",
        &[
            "hub-model",
            "hub-assembly",
            "hub-history",
            "hub-archive",
            "hub-ota",
            "hub-radio",
            "hub-receive",
            "hub-decode",
        ],
    ),
    row("hub-sim", &["hub-model", "hub-link", "hub-assembly", "fw-host", "fw-app", "fw-logic", "wire", "units"]),
    row("xtask", &[]),
];

/// Outside crates that only some of ours may touch, so that each can be replaced in one place.
pub(super) const ALONE: &[(&str, &[&str])] = &[
    ("aes", &["wire"]),
    ("ccm", &["wire"]),
    ("ed25519-dalek", &["wire", "hub-testbed"]),
    ("hmac", &["wire"]),
    ("sha2", &["wire", "fw-logic", "hub-ota", "hub-receive", "hub-testbed"]),
    ("x25519-dalek", &["fw-logic"]),
    ("chacha20poly1305", &["fw-logic"]),
    ("snow", &["fw-logic", "hub-link"]),
    ("sht4x", &["fw-drivers"]),
    ("scd4x", &["fw-drivers"]),
    ("trouble-host", &["fw-app", "fw-host"]),
    ("bt-hci", &["fw-app", "fw-host"]),
    ("bt-hci-serial", &["fw-host"]),
    ("bluer", &["hub-radio", "hub-testbed"]),
    ("redb", &["hub-history", "hub-registry"]),
    ("crc32c", &["hub-history"]),
    ("async-graphql", &["api-graphql", "api-server"]),
    ("axum", &["api-server"]),
    ("rust-embed", &["api-server"]),
    ("prometheus-client", &["api-server", "hub-assembly"]),
    ("toml", &["hub-assembly", "hub-archive", "fw-energy", "fw-host", "xtask"]),
    ("csv", &["hub-archive"]),
    ("parquet", &["hub-archive"]),
    ("rusqlite", &["hub-archive"]),
    ("tokio-rustls", &["hub-receive"]),
    ("sd-notify", &["hub-daemon"]),
    ("clap", &["hub-daemon", "hub-sim", "fw-host"]),
    ("tracing-subscriber", &["hub-daemon", "hub-sim"]),
    ("rand", &["hub-sim"]),
    ("rand_chacha", &["hub-sim"]),
    ("anyhow", &["xtask", "hub-testbed"]),
];
