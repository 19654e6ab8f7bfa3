/* What one job uses of memory and processor time, as far as can be told cheaply and often. */
#pragma once
#include "job.h"

uint64_t now_us(void);

/* Notes what the sandbox holds now, cheaply; good enough for the figure at a job's end. */
void note_memory(struct job *job);
/* Notes it exactly, which costs a read of /proc. */
void note_memory_closely(struct job *job);
/* Whether the job holds more than it may. */
int takes_too_much_memory(struct job *job);

/* Notes a figure of the job's processor time, of which what warming up took is not its own. */
void note_cpu(struct job *job, uint64_t total_us);
/* Adds up every live process of the job, which walks /proc. */
void note_cpu_of_all(struct job *job);
