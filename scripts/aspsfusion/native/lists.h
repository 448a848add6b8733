/* Lists of molecules by keys, of which no more than the first ones are kept. */

#ifndef ASPSFUSION_LISTS_H
#define ASPSFUSION_LISTS_H

#include "native.h"

#include <stdlib.h>

enum { NONE = -1 }; /* no key, no molecule */

typedef struct {
    int64_t key; /* NONE in a free slot */
    int32_t first, last; /* entries of the list of molecules there, NONE where it is empty */
} place_slot;

typedef struct {
    int32_t molecule;
    int32_t next; /* of the last entry minus the number of entries */
} listed;

/* Begins as zeros. */
typedef struct {
    place_slot *slots;
    int64_t slot_count, used;
    listed *entries;
    int64_t entry_count, room;
} lists;

static inline place_slot *slot_of_key(const lists *table, int64_t key) {
    int64_t slot = slot_of((uint64_t)key + 1, 64 - log2_of(table->slot_count));
    while (table->slots[slot].key != NONE && table->slots[slot].key != key) slot = (slot + 1) & (table->slot_count - 1);
    return table->slots + slot;
}

static inline bool make_slots(lists *table, int64_t count) {
    table->slots = malloc((size_t)count * sizeof *table->slots);
    if (!table->slots) return false;
    table->slot_count = count;
    for (int64_t i = 0; i < count; i++) table->slots[i] = (place_slot){NONE, NONE, NONE};
    return true;
}

/* Makes a list for a key; false without memory. */
static inline bool open_list(lists *table, int64_t key) {
    if (4 * table->used >= 3 * table->slot_count) {
        lists larger = *table;
        if (!make_slots(&larger, table->slot_count ? 2 * table->slot_count : 1024)) return false;
        for (int64_t i = 0; i < table->slot_count; i++) {
            if (table->slots[i].key != NONE) *slot_of_key(&larger, table->slots[i].key) = table->slots[i];
        }
        free(table->slots);
        *table = larger;
    }
    place_slot *slot = slot_of_key(table, key);
    table->used += slot->key == NONE;
    slot->key = key;
    return true;
}

/* Adds a molecule to the list of a key, where there is one that is not full; false without memory. */
static inline bool add_to_list(lists *table, int64_t key, int64_t number, int64_t crowd) {
    if (!table->slot_count) return true;
    place_slot *slot = slot_of_key(table, key);
    if (slot->key == NONE) return true;
    int32_t size = slot->last == NONE ? 0 : -table->entries[slot->last].next;
    if (size == crowd) return true;
    if (table->entry_count == table->room) {
        int64_t room = table->room ? 2 * table->room : 1024;
        listed *entries = realloc(table->entries, (size_t)room * sizeof *entries);
        if (!entries) return false;
        table->entries = entries;
        table->room = room;
    }
    int32_t entry = (int32_t)table->entry_count++;
    table->entries[entry] = (listed){(int32_t)number, -size - 1};
    if (size) {
        table->entries[slot->last].next = entry;
    } else {
        slot->first = entry;
    }
    slot->last = entry;
    return true;
}

/* The first entry of the list of a key, less than 0 where there is none. */
static inline int32_t first_listed(const lists *table, int64_t key) {
    return table->slot_count ? slot_of_key(table, key)->first : NONE;
}

static inline void free_lists(lists *table) {
    free(table->slots);
    free(table->entries);
}

#endif
