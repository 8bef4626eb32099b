/* SPDX-License-Identifier: Apache-2.0 */
/* The window: the other side large, oneself small in the corner; and the sound card's output. */
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"
#include <SDL2/SDL.h>
#include <stdlib.h>

enum { WINDOW_WIDTH = 1024, WINDOW_HEIGHT = 600, SELF_WIDTH = 200, MARGIN = 16 };

struct view {
    SDL_Texture *texture;
    int width, height;
};

struct window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_AudioDeviceID speaker;
    struct view remote, self;
    bool changed;
};

int window_open(struct window **out, const char *title)
{
    struct window *w = calloc(1, sizeof *w);
    if (!w)
        return SQ_ERR_NOMEM;
    if (SDL_Init(SDL_INIT_VIDEO | SDL_INIT_AUDIO) == 0)
        w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                     WINDOW_WIDTH, WINDOW_HEIGHT, SDL_WINDOW_RESIZABLE);
    if (w->window)
        w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (!w->renderer) {
        fprintf(stderr, "shanqiao-terminal: no window (%s). Use --headless without a screen.\n",
                SDL_GetError());
        window_close(w);
        return SQ_ERR_IO;
    }
    const SDL_AudioSpec want = {.freq = SOURCE_SAMPLE_RATE,
                                .format = AUDIO_S16SYS,
                                .channels = 1,
                                .samples = SOURCE_BLOCK_SAMPLES};
    w->speaker = SDL_OpenAudioDevice(NULL, 0, &want, NULL, 0);
    if (w->speaker)
        SDL_PauseAudioDevice(w->speaker, 0);
    else
        fprintf(stderr, "shanqiao-terminal: no sound output (%s); you will see but not hear.\n",
                SDL_GetError());
    w->changed = true;
    *out = w;
    return SQ_OK;
}

void window_close(struct window *w)
{
    if (!w)
        return;
    if (w->speaker)
        SDL_CloseAudioDevice(w->speaker);
    SDL_DestroyTexture(w->remote.texture);
    SDL_DestroyTexture(w->self.texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_Quit();
    free(w);
}

static void view_update(struct window *w, struct view *v, const struct sq_picture *p)
{
    if (!v->texture || v->width != (int)p->width || v->height != (int)p->height) {
        SDL_DestroyTexture(v->texture);
        v->width = (int)p->width;
        v->height = (int)p->height;
        v->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_IYUV,
                                       SDL_TEXTUREACCESS_STREAMING, v->width, v->height);
    }
    if (v->texture)
        SDL_UpdateYUVTexture(v->texture, NULL, p->planes[0], (int)p->strides[0], p->planes[1],
                             (int)p->strides[1], p->planes[2], (int)p->strides[2]);
    w->changed = true;
}

void window_show_remote(struct window *w, const struct sq_picture *picture)
{
    view_update(w, &w->remote, picture);
}

void window_show_self(struct window *w, const struct sq_picture *picture)
{
    view_update(w, &w->self, picture);
}

void window_play(struct window *w, const int16_t *samples, size_t count)
{
    if (w->speaker)
        SDL_QueueAudio(w->speaker, samples, (Uint32)(count * sizeof *samples));
}

bool window_has_speaker(const struct window *w)
{
    return w->speaker != 0;
}

size_t window_played_backlog(const struct window *w)
{
    return SDL_GetQueuedAudioSize(w->speaker) / sizeof(int16_t);
}

void window_title(struct window *w, const char *text)
{
    SDL_SetWindowTitle(w->window, text);
}

/* The largest rectangle of the picture's shape inside width x height. */
static SDL_Rect fit(const struct view *v, int width, int height)
{
    SDL_Rect r = {0, 0, width, height};
    if (v->width * height > v->height * width)
        r.h = width * v->height / v->width;
    else
        r.w = height * v->width / v->height;
    r.x = (width - r.w) / 2;
    r.y = (height - r.h) / 2;
    return r;
}

void window_draw(struct window *w)
{
    int width = 0, height = 0;
    if (!w->changed)
        return;
    w->changed = false;
    SDL_GetRendererOutputSize(w->renderer, &width, &height);
    SDL_SetRenderDrawColor(w->renderer, 24, 28, 32, 255);
    SDL_RenderClear(w->renderer);
    if (w->remote.texture) {
        const SDL_Rect r = fit(&w->remote, width, height);
        SDL_RenderCopy(w->renderer, w->remote.texture, NULL, &r);
    }
    if (w->self.texture) {
        const int self_height = SELF_WIDTH * w->self.height / w->self.width;
        const SDL_Rect r = {width - SELF_WIDTH - MARGIN, height - self_height - MARGIN, SELF_WIDTH,
                            self_height};
        SDL_RenderCopy(w->renderer, w->self.texture, NULL, &r);
    }
    SDL_RenderPresent(w->renderer);
}

bool window_wants_quit(struct window *w)
{
    SDL_Event e;
    bool quit = false;
    while (SDL_PollEvent(&e)) {
        quit |= e.type == SDL_QUIT;
        w->changed |= e.type == SDL_WINDOWEVENT;
    }
    return quit;
}
