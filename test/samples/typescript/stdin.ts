// wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
for await (const chunk of process.stdin) process.stdout.write(chunk as Buffer);

export {};
