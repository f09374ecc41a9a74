use hub_model::{Link, Quantity, SampleHint, Value};
use wire::{
    log::{Block, Column, Sample, SampleId},
    service::{Answer, Ask},
};

use crate::{Session, TalkError};

/// A sample as a sensor's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// Which one.
    pub id: SampleId,
    /// Seconds since the sensor's boot began.
    pub uptime_s: u32,
    /// What was measured. Quantities that this hub does not know are left out.
    pub values: Vec<Value>,
}

impl Sampled {
    /// How adverts would call it.
    pub const fn hint(&self) -> SampleHint {
        SampleHint(u16::from_le_bytes(self.id.hint()))
    }
}

impl<L: Link> Session<L> {
    /// The next samples of the sensor's log from `from` on, in order, as many as fit into one answer; none: there is
    /// nothing later.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn log(&mut self, from: SampleId) -> Result<Vec<Sampled>, TalkError> {
        let answer = self.serve(&Ask::Log { from }).await?;
        let blocks = match Answer::parse(&answer)? {
            Answer::Blocks(blocks) => blocks,
            Answer::Refused(refusal) => return Err(TalkError::Refused(refusal)),
            _ => return Err(TalkError::Unexpected { question: "log" }),
        };
        let mut samples = Vec::new();
        for block in blocks {
            let block = Block::parse(block.map_err(|_| TalkError::Block(wire::log::BlockError::Truncated))?)?;
            let columns: Vec<Column> = block.columns().collect();
            for sample in block.samples() {
                let sample = sample?;
                // The first block holds earlier samples, too.
                if sample.id >= from {
                    samples.push(sampled(&columns, &sample));
                }
            }
        }
        Ok(samples)
    }
}

fn sampled(columns: &[Column], sample: &Sample) -> Sampled {
    let value = |(column, value): (&Column, &Option<i32>)| {
        let quantity = Quantity::from_code(column.code)?;
        Some(Value { quantity, instance: column.instance, value: (*value)?.into() })
    };
    let values = columns.iter().zip(&sample.values).filter_map(value).collect();
    Sampled { id: sample.id, uptime_s: sample.uptime_s, values }
}
