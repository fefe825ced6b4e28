/* SPDX-License-Identifier: MIT */
#include "instance/workee/context.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WITH_ASAN
#endif
#ifdef __SANITIZE_THREAD__
#define WITH_TSAN
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* switch.S */
void usm_context_swap(void **save, void *sp);
void usm_context_entry(void);

/*
 * What usm_context_swap() finds on the stack of a context, lowest address
 * first: it pops them in this order.
 */
struct saved {
	uint32_t mxcsr;
	uint16_t x87_control;
	uint16_t unused;
	uint64_t r15; /* for usm_context_entry(): the argument */
	uint64_t r14; /* and the function */
	uint64_t r13, r12, rbx, rbp;
	uint64_t rip;
};

/* The values a process begins with: all exceptions masked, to nearest. */
#define MXCSR_DEFAULT 0x1f80
#define X87_CONTROL_DEFAULT 0x37f

struct begin {
	struct usm_context *self;
	void (*main)(void *arg);
	void *arg;
};

static void entered(struct usm_context *context)
{
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(context->fake_stack, NULL, NULL);
#else
	(void)context;
#endif
}

static void begin(void *arg)
{
	/* It lies on the stack of the context, under our own frames. */
	struct begin *what = arg;

	entered(what->self);
	what->main(what->arg);
	__builtin_trap();
}

void usm_context_adopt(struct usm_context *context)
{
	*context = (struct usm_context){ 0 };
#ifdef WITH_ASAN
	pthread_attr_t attr;

	if (!pthread_getattr_np(pthread_self(), &attr)) {
		pthread_attr_getstack(&attr, &context->bottom, &context->bytes);
		pthread_attr_destroy(&attr);
	}
#endif
#ifdef WITH_TSAN
	context->fiber = __tsan_get_current_fiber();
#endif
}

void usm_context_make(struct usm_context *context, void *bottom, size_t bytes,
		      void (*main)(void *arg), void *arg)
{
	char *top = (char *)bottom + bytes;
	struct begin *what = (struct begin *)(top - 64);
	struct saved *saved = (struct saved *)((char *)what - 64);

	_Static_assert(sizeof(struct begin) <= 64, "keeps the alignment");
	_Static_assert(sizeof(struct saved) == 64,
		       "after it the stack is aligned as before a call");
	*context = (struct usm_context){
		.sp = saved,
		.bottom = bottom,
		.bytes = bytes,
	};
	*what = (struct begin){ context, main, arg };
	*saved = (struct saved){
		.mxcsr = MXCSR_DEFAULT,
		.x87_control = X87_CONTROL_DEFAULT,
		.r15 = (uintptr_t)what,
		.r14 = (uintptr_t)begin,
		.rip = (uintptr_t)usm_context_entry,
	};
#ifdef WITH_TSAN
	context->fiber = __tsan_create_fiber(0);
#endif
}

void usm_context_fini(struct usm_context *context)
{
#ifdef WITH_TSAN
	if (context->fiber)
		__tsan_destroy_fiber(context->fiber);
#endif
	*context = (struct usm_context){ 0 };
}

void usm_context_switch(struct usm_context *from, struct usm_context *to)
{
#ifdef WITH_ASAN
	__sanitizer_start_switch_fiber(&from->fake_stack, to->bottom,
				       to->bytes);
#endif
#ifdef WITH_TSAN
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
	usm_context_swap(&from->sp, to->sp);
	entered(from);
}
