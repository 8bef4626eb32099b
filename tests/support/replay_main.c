/* SPDX-License-Identifier: Apache-2.0 */
/* Replays a fuzz corpus: runs LLVMFuzzerTestOneInput over each file named, and each file under each
 * folder named. Fails when it finds none, so that a corpus that moved away is noticed. Linked into
 * fuzz targets of normal builds. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX_BYTES (16 << 20)
#define OPEN_FOLDERS    16

static size_t replayed;

/* Each input in a block of exactly its size, so that a sanitizer sees the first byte read past it.
 */
static int replay_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F)
        return 0;
    FILE *f = fopen(path, "rb");
    size_t size = info->st_size > INPUT_MAX_BYTES ? INPUT_MAX_BYTES : (size_t)info->st_size;
    uint8_t *data = malloc(size ? size : 1);
    if (!f || !data || fread(data, 1, size, f) != size) {
        fprintf(stderr, "replay: can't read %s\n", path);
        exit(1);
    }
    fclose(f);
    uint8_t *exact = data;
    if (size == 0) {
        free(data);
        exact = malloc(0);
    }
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    replayed++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], replay_file, OPEN_FOLDERS, 0) != 0) {
            fprintf(stderr, "replay: can't walk %s\n", argv[i]);
            return 1;
        }
    }
    printf("%zu inputs replayed\n", replayed);
    if (replayed == 0)
        fprintf(stderr, "replay: no input found; name corpus files or folders\n");
    return replayed == 0;
}
