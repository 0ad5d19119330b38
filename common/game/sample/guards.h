// The guards of the sample's content: what guards.toml says, and what follows from the other files — caps, prices, the
// starter kit, quests and levels. One fact has one place; the database's agent has it from here.
#pragma once
#include <vector>

#include "common/game/content_table.h"
#include "common/game/sample/items.h"
#include "common/game/sample/quest.h"
#include "common/game/sample/shop.h"

namespace dure::proto {
class ContentGuards;
}

namespace dure::sample {

[[nodiscard]] Result<proto::ContentGuards> parse_sample_guards(const ContentFile& file, const Items& items,
                                                               const std::vector<Shop>& shops, const Quests& quests);

}  // namespace dure::sample
