// wants: ok; stdout is "5000050000\n"
#include <pthread.h>
#include <stdio.h>

static long totals[4];

static void *add_up(void *argument)
{
    long slot = (long)argument;
    for (long n = slot * 25000 + 1; n <= (slot + 1) * 25000; n++) totals[slot] += n;
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    long total = 0;
    for (long slot = 0; slot < 4; slot++) {
        if (pthread_create(&threads[slot], NULL, add_up, (void *)slot) != 0) return 1;
    }
    for (int slot = 0; slot < 4; slot++) {
        pthread_join(threads[slot], NULL);
        total += totals[slot];
    }
    printf("%ld\n", total);
    return 0;
}
