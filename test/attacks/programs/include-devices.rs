// wants: compile_timeout|compile_memory|compile_error; compileTimeoutMs=3000
// A file without an end, taken in whole.
static ALL: &[u8] = include_bytes!("/dev/zero");
fn main() {
    println!("{}", ALL.len());
}
