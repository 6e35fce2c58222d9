/* Work on an NVIDIA GPU recorded once and replayed in one go: what needs PyTorch's CUDA headers.
 *
 * `Scripts/bundle` compiles this folder into librtfm_cuda.so, against a PyTorch wheel with CUDA;
 * CTorch opens that file at run time where it is. No package target has it: nothing else needs CUDA.
 * Failure: NULL or a non-zero status; rtfm_cuda_error gives this thread's last message.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rtfm_graph rtfm_graph;

const char *rtfm_cuda_error(void);

/* An empty recording, and this thread moves to a stream of its own, where the work may be tried
 * before it is recorded. The thread's former stream comes back with rtfm_graph_end or _free. */
rtfm_graph *rtfm_graph_new(int device);
int rtfm_graph_begin(rtfm_graph *graph); /* from here on work is recorded, not done */
int rtfm_graph_end(rtfm_graph *graph);
int rtfm_graph_replay(rtfm_graph *graph); /* on the thread's current stream */
void rtfm_graph_free(rtfm_graph *graph);

#ifdef __cplusplus
}
#endif
