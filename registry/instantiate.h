// Turns a variant struct into rows of the variant table. Included by the generated translation units, one per variant and dtype.
#pragma once

#include "registry/instantiate_one_loss.h"
#include "registry/instantiate_pointwise.h"
