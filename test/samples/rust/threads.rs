// wants: ok; stdout is "5000050000\n"
use std::thread;

fn main() {
    let threads: Vec<_> = (0..4u64)
        .map(|slot| thread::spawn(move || (slot * 25_000 + 1..=(slot + 1) * 25_000).sum::<u64>()))
        .collect();
    let total: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    println!("{total}");
}
