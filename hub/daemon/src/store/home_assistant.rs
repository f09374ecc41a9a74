//! Moving in from Home Assistant: its recorder database, by a map that the owner completes.

use std::{fs, io, path::Path, process::ExitCode};

use hub_archive::{ArchiveError, HomeAssistant, Map as EntityMap, Seen};
use serde_json::{Map, Value, json};

use super::intake::Intake;
use crate::{exit::Failure, show, tell};

/// Prints a map of everything that could be moved, for the owner to complete, and says how to go on.
pub(super) fn suggest(from: &Path) -> Result<ExitCode, Failure> {
    let entities = HomeAssistant::open(from).and_then(|recorder| recorder.entities());
    let entities = entities.map_err(|source| failure(from, source))?;
    tell(&format!(
        "{} entities have numbers. Keep this map in a file, write the address of each sensor into it, then import with \
         --map FILE (--dry-run only tells):",
        entities.len()
    ));
    show(EntityMap::suggested(&entities).trim_end())
}

/// A recorder database with a map.
pub(super) struct Recorder {
    recorder: HomeAssistant,
    map: EntityMap,
    name: String,
}

impl Recorder {
    pub(super) fn open(from: &Path, map: &Path) -> Result<Self, Failure> {
        let refused = |source| Failure::Map { file: map.display().to_string(), source };
        let text = fs::read_to_string(map).map_err(refused)?;
        let parsed =
            EntityMap::parse(&text).map_err(|error| refused(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let recorder = HomeAssistant::open(from).map_err(|source| failure(from, source))?;
        Ok(Self { recorder, map: parsed, name: from.display().to_string() })
    }

    /// Takes in every entity of the map; tells what was met.
    pub(super) fn pour(self, intake: &mut Intake<'_>) -> Result<Map<String, Value>, Failure> {
        let (mut states, mut without_value, mut hours) = (0, 0, 0);
        let mut empty = Vec::new();
        for entity in &self.map.entities {
            let counts = self.recorder.each(entity, |seen| {
                match seen {
                    Seen::Record(record) => intake.take(&record)?,
                    Seen::Refused(row, reason) => intake.refuse(format_args!("{}: row {row}", entity.id), &reason),
                    Seen::Nothing => {}
                }
                Ok::<_, Trouble>(())
            });
            let counts = counts.map_err(|trouble| match trouble {
                Trouble::Store(failure) => *failure,
                Trouble::Recorder(source) => Failure::Archive { file: self.name.clone(), source },
            })?;
            states += counts.states;
            without_value += counts.without_value;
            hours += counts.hours;
            if counts.states + counts.hours == 0 {
                empty.push(entity.id.clone());
            }
        }
        let told = json!({
            "entities": self.map.entities.len(),
            "entities_without_device": self.map.unmapped,
            "entities_not_found": empty,
            "states": states,
            "states_without_value": without_value,
            "hours_of_statistics": hours,
        });
        Ok(told.as_object().cloned().unwrap_or_default())
    }
}

/// What can go wrong between the two.
enum Trouble {
    Recorder(ArchiveError),
    Store(Box<Failure>),
}

impl From<ArchiveError> for Trouble {
    fn from(error: ArchiveError) -> Self {
        Self::Recorder(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Store(Box::new(failure))
    }
}

fn failure(path: &Path, source: ArchiveError) -> Failure {
    Failure::Archive { file: path.display().to_string(), source }
}
