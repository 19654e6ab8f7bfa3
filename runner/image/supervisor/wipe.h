/* Removes everything a job may have left behind outside its processes. */
#pragma once

/* Empties the writable places and removes shared memory. Returns 0, or -1 when something stayed. */
int wipe_all(void);
