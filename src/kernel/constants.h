/* constants.h: the numbers that all kernels share, so that reference and guests cannot drift. */
#ifndef AZ_KERNEL_CONSTANTS_H
#define AZ_KERNEL_CONSTANTS_H

#include "azimuth/kernel.h"

/* exp: ln 2 = HIGH + LOW; HIGH has 24 bits, n * HIGH cancels exactly against x. The polynomial
 * 1 + r + r^2 (C2 + C3 r + C4 r^2 + C5 r^3 + C6 r^4) has a relative error below 3.1e-9 on
 * |r| <= ln(2)/2; scripts/minimax.py finds it. */
#define AZ_EXP_LOG2E 0x1.715476p+0f
#define AZ_EXP_LN2_HIGH 0x1.62e430p-1f
#define AZ_EXP_LN2_LOW -0x1.05c610p-29f
#define AZ_EXP_C2 0x1.fffffcp-2f
#define AZ_EXP_C3 0x1.555492p-3f
#define AZ_EXP_C4 0x1.5558f2p-5f
#define AZ_EXP_C5 0x1.1239e2p-7f
#define AZ_EXP_C6 0x1.6a2434p-10f

/* GELU(x) = x / (1 + exp(v)), v = -2 sqrt(2/pi) (x + 0.044715 x^3) = x (LINEAR + CUBIC x^2). Beyond
 * +-LIMIT exp(v) is below 1e-35 or above 1e35 and the function has reached its asymptote. */
#define AZ_GELU_LINEAR -0x1.988454p+0f
#define AZ_GELU_CUBIC -0x1.2444f2p-4f
#define AZ_GELU_CUBIC_3 -0x1.b6676cp-3f
#define AZ_GELU_LIMIT 9.75f

#endif
