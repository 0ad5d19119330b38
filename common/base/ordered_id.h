// Ids that nobody else draws, in the order in which they were made: milliseconds since 1970 above 80 bits of entropy
// (as UUID version 7, RFC 9562, without its version bits). What is made together lies together in a database's trees,
// so that a commit touches few pages; an id's time is no promise, clocks differ. Not for tokens: the time is readable.
#pragma once
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/base/time.h"

namespace dure {

ItemId ordered_id(WallTime now, Entropy& entropy);

}  // namespace dure
