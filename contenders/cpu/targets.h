// Which instruction sets the vector code is compiled for; to be included before anything of Highway's.
//
// On x86: AVX-512, AVX2 with FMA, and plain scalar code as the fallback that Highway insists on. Every loss is compiled once for each, so SSSE3
// and SSE4 (no processor since 2013 stops there) and AVX-512's later extensions (nothing here would use them) are left out, as are the
// vectors of unknown length of Arm's SVE, which cannot be members of a struct: Arm machines with SVE have NEON.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
