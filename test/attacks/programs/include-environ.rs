// wants: compile_error|compile_timeout; compileTimeoutMs=5000; stdout lacks "PATH"
// The environment of the supervisor, at the time of compiling.
fn main() {
    println!("{}", include_str!("/proc/1/environ"));
}
