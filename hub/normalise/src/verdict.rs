use hub_model::{Action, DeviceId, Fact, Origin, Refusal, Value};

/// What became of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is new and may be believed as far as its device allows.
    Accepted(Accepted),
    /// It was accepted before: repeated by its sender, or heard by several receivers.
    Duplicate,
    /// Its counter was used up before: a recording played back, or a device whose counter restarted.
    Replayed {
        /// The last counter accepted.
        last: u32,
        /// The counter of this frame.
        got: u32,
    },
    /// It came in plain text from a device that has a key: forged, or the device lost its key.
    PlaintextRefused,
    /// It is encrypted but its format has no counter, and the owner did not allow the compat rule for its device.
    CounterMissing,
}

/// A frame that was accepted, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Who sent it.
    pub device: DeviceId,
    /// The plausible values, calibrated, in the order sent.
    pub values: Vec<Value>,
    /// What a person did on the device.
    pub actions: Vec<Action>,
    /// What the device says of itself.
    pub facts: Vec<Fact>,
    /// How it came, with the counter that must stand in the durable record of the values.
    pub origin: Origin,
    /// One refusal (`implausible`) for each value that was dropped.
    pub implausible: Vec<Refusal>,
}

impl Verdict {
    /// The stable snake_case code, for counters and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Duplicate => "duplicate",
            Self::Replayed { .. } => "replayed",
            Self::PlaintextRefused => "plaintext_refused",
            Self::CounterMissing => "counter_missing",
        }
    }

    /// Why the frame was refused; `None` for what was accepted and for ordinary repetitions.
    pub fn refusal(&self) -> Option<Refusal> {
        let detail = match self {
            Self::Accepted(_) | Self::Duplicate => return None,
            Self::Replayed { last, got: u32::MAX } if *last == u32::MAX => {
                format!("the counter stands at its end ({last}); give the device a new key")
            }
            Self::Replayed { last, got } => format!(
                "counter {got} is not greater than {last}; if the device lost its counter at a battery change, set a new key \
                 or allow the compat rule"
            ),
            Self::PlaintextRefused => {
                "the device has a key and sent in plain text; if it was reset and no longer encrypts, \
                 remove it and adopt it again without a key"
                    .to_owned()
            }
            Self::CounterMissing => "the format has no counter, so that a recording cannot be told from a new frame; allow the compat rule for \
                                      this device, or let it send BTHome"
                .to_owned(),
        };
        Some(Refusal { code: self.code(), detail })
    }
}
