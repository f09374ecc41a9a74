//! Lets cargo see when a build of the web page or of GraphiQL appears or changes.

use std::{fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for folder in ["../../mobile-sdk/web/dist", "graphiql/dist"] {
        // A folder that is missing would count as changed at every build, so there is one, if only an empty one.
        if fs::create_dir_all(Path::new(folder)).is_ok() {
            println!("cargo:rerun-if-changed={folder}");
        }
    }
}
