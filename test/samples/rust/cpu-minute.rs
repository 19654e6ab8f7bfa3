// wants: timeout; timeoutMs=1500; stdout is "started\n"
use std::time::{Duration, Instant};

fn main() {
    let start = Instant::now();
    let mut count = 0u64;
    println!("started");
    while start.elapsed() < Duration::from_secs(60) {
        count += 1;
    }
    println!("never {count}");
}
