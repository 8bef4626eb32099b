/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-inspect KIND <file >report: reads the header of one file that nobody vouches for and
 * says in one line of JSON what it is. Started by shanqiao-signaling for each material; a crash or
 * a hang is that file's alone. */
#include "inspect/confine.h"
#include "inspect/readers.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    enum kind kind;
    void (*read)(const struct input *in, struct report *r);
} readers[] = {
    {KIND_JPEG, read_photo},       {KIND_PNG, read_photo}, {KIND_PDF, read_pdf},
    {KIND_DICOM, read_dicom},      {KIND_SCP, read_ecg},   {KIND_AECG, read_ecg},
    {KIND_EDF, read_ecg},          {KIND_WAV, read_audio}, {KIND_OGG_OPUS, read_audio},
    {KIND_WFDB_HEADER, read_wfdb},
};

static bool map_input(struct input *in)
{
    struct stat s;
    if (fstat(STDIN_FILENO, &s) || s.st_size <= 0)
        return false;
    in->len_bytes = (size_t)s.st_size;
    in->path = "/proc/self/fd/0";
    void *bytes = mmap(NULL, in->len_bytes, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    in->bytes = bytes;
    return bytes != MAP_FAILED;
}

/* Libraries print what they think of a file: that goes where errors go. NULL: no descriptors. */
static FILE *keep_output(void)
{
    int fd = dup(STDOUT_FILENO);
    if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return NULL;
    return fdopen(fd, "w");
}

static int inspect(struct input *in, FILE *to)
{
    struct report r;
    report_init(&r);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (readers[i].kind == in->kind)
            readers[i].read(in, &r);
    }
    bool ok = report_write(&r, to);
    report_fini(&r);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct input in = {.kind = argc == 2 ? kind_parse(argv[1]) : KIND_UNKNOWN};
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        puts("shanqiao-inspect KIND <file\n"
             "Says in one line of JSON what the header of a file tells. KIND: jpeg, png, pdf, "
             "dicom,\n"
             "scp, aecg, edf, wav, ogg_opus, wfdb_header. shanqiao-signaling starts it by itself.");
        return 0;
    }
    if (in.kind == KIND_UNKNOWN) {
        fputs("shanqiao-inspect: name the kind of the file on standard input; see --help\n",
              stderr);
        return 2;
    }
    if (in.kind == KIND_DICOM)
        prepare_dicom();
    if (!map_input(&in)) {
        fputs("shanqiao-inspect: standard input is no file, or an empty one\n", stderr);
        return 2;
    }
    FILE *to = keep_output();
    open_input_only();
    if (!to || !confine()) {
        fputs("shanqiao-inspect: this kernel does not confine processes (seccomp)\n", stderr);
        return 3;
    }
    _exit(inspect(&in, to)); /* nothing is left to tidy up, and sanitizers would want to trace */
}
