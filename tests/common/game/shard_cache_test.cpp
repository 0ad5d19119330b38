#include "common/game/shard_cache.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

TEST(ShardCacheTest, WhatWasToldLastIsKnown) {
  ShardCache cache;
  EXPECT_FALSE(cache.find(PlayerId(1)));
  cache.put(PlayerId(1), 3);
  EXPECT_EQ(cache.find(PlayerId(1)), 3u);
  cache.put(PlayerId(1), 4);
  EXPECT_EQ(cache.find(PlayerId(1)), 4u);
  EXPECT_EQ(cache.hit_percent(), 66u);
  EXPECT_EQ(cache.peek(PlayerId(1), 9), 4u);
  EXPECT_EQ(cache.peek(PlayerId(2), 9), 9u);
}

TEST(ShardCacheTest, TheLeastRecentlyUsedGoesFirst) {
  ShardCache cache(2);
  cache.put(PlayerId(1), 1);
  cache.put(PlayerId(2), 2);
  EXPECT_TRUE(cache.find(PlayerId(1)));
  cache.put(PlayerId(3), 3);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.find(PlayerId(2)));
  EXPECT_TRUE(cache.find(PlayerId(1)));
  EXPECT_TRUE(cache.find(PlayerId(3)));
}

}  // namespace
}  // namespace dure
