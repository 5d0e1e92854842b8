#!/bin/sh
# Creates the namespace, and the search attributes of workflows/search_attributes.py. Safe to run
# again. Finds the server by TEMPORAL_ADDRESS.
set -eu

NAMESPACE=${TEMPORAL_NAMESPACE:-default}

temporal operator cluster health
temporal operator namespace describe --namespace "$NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$NAMESPACE" --retention 365d

# A namespace that was just created takes some seconds until all of the server knows it.
tries=0
until known=$(temporal operator search-attribute list --namespace "$NAMESPACE"); do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || exit 1
    sleep 1
done
while read -r name type; do
    echo "$known" | grep -qw "$name" ||
        temporal operator search-attribute create --namespace "$NAMESPACE" \
            --name "$name" --type "$type"
done <<END
MentoringProgram Keyword
MentoringStage Keyword
PairState Keyword
LadderStep Int
StateSince Datetime
NextDue Datetime
Cohort Int
END
