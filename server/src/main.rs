//! `exeunt`: see `exeunt help`.

fn main() -> std::process::ExitCode {
    exeunt::cli::run()
}
