// wants: ok|compile_error|compile_timeout; compileTimeoutMs=10000; stdout lacks "RUNNER"; stdout lacks "SECRET"; stdout lacks "$HOST_NAME"; stderr lacks "RUNNER"; stderr lacks "SECRET"; stderr lacks "$HOST_NAME"
// The environment of the supervisor, at the time of compiling. It may be read, and holds nothing that
// was not written down in the image.
fn main() {
    println!("{}", include_str!("/proc/1/environ"));
}
