// Whom a character does not want to hear: its own counters "block:01" … "block:50", each the id of a player or 0, so
// that they are saved and move with it like anything else of it, and never become more. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace dure {

class Mirror;

inline constexpr int kBlocksMost = 50;
inline constexpr const char* kBlockPrefix = "block:";

std::string block_slot(int index);  // 1 … kBlocksMost
std::vector<PlayerId> blocked_by(const Mirror& mirror);
bool blocks(const Mirror& mirror, PlayerId other);
// The slot that holds this player; for a none PlayerId: a free one. 0: there is none.
int find_block(const Mirror& mirror, PlayerId other);

}  // namespace dure
