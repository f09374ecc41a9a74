//! `sensor-energy`: prints what sensors take, where it goes, and how long batteries last.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::{error::Error, fs, process::ExitCode};

use fw_energy::{
    budget::{self, Entry},
    profile, published, table,
    table::{
        batteries::{CR2032, TWO_AA},
        chips,
    },
    variant, years,
};

const BUDGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budget.toml");

const HELP: &str = "\
sensor-energy [profiles]   what each sensor takes on each chip
sensor-energy variants      what a decision costs the room sensor
sensor-energy anchors      what others measured, and what the model says
sensor-energy figures      the figures that the model stands on, with their sources
sensor-energy bless        write sensor-fw/energy/budget.toml anew";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_else(|| "profiles".to_owned());
    let done = match command.as_str() {
        "profiles" => profiles(),
        "variants" => variants(),
        "anchors" => {
            published::anchors().iter().for_each(|anchor| println!("{anchor}"));
            Ok(())
        }
        "figures" => {
            for row in table::rows() {
                println!("{:<15} {:<28} {:>10}  {:<10} {}", row.of, row.name, row.value, row.standing, row.source);
            }
            Ok(())
        }
        "bless" => bless(),
        _ => {
            println!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed to {command}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn profiles() -> Result<(), Box<dyn Error>> {
    let mut last = "";
    for Entry { profile, chip, bill, .. } in budget::entries()? {
        if last != profile.name {
            println!("\n{}", profile.title);
            last = profile.name;
        }
        let life = [CR2032, TWO_AA].map(|battery| {
            let lived = years(&battery, bill.average(), profile.peak_milliamps);
            let shelf = battery.figures.shelf_years.value;
            let told = match lived {
                None => "–".to_owned(),
                Some(lived) if lived >= shelf => format!("≥ {shelf} y"),
                Some(lived) => format!("{lived:.1} y"),
            };
            format!("{} {told}", battery.name)
        });
        println!("  {:<9} {bill}; {}", chip.name, life.join(", "));
    }
    println!(
        "\nAll ± 30 %: boards leak, cells age, datasheets are typical. A cell that cannot give the peak current: –."
    );
    Ok(())
}

fn variants() -> Result<(), Box<dyn Error>> {
    for chip in &chips::ALL {
        let mut first = None;
        println!("\n{} on {}", profile::ROOM.title, chip.name);
        for variant in variant::ALL {
            let taken = variant.bill(chip)?.average().as_microamps();
            let more = taken - *first.get_or_insert(taken);
            println!("  {:<30} {taken:5.2} µA {more:+6.2}", variant.what);
        }
    }
    Ok(())
}

fn bless() -> Result<(), Box<dyn Error>> {
    fs::write(BUDGET, budget::text(&budget::entries()?))?;
    println!("wrote {BUDGET}");
    Ok(())
}
