#!/bin/bash
# @TITLE@: made again on a rented machine, by the AWS command line alone.
#
#   BUCKET=my-pictures WHEEL=orbifolio-@VERSION@-py3-none-any.whl bash FILE
#
# WHEEL is the program: `pip wheel --no-deps .` in its sources makes it. The report comes to s3://BUCKET/gallery. Pictures
# that the recipe names by path, or asks for, must be added to the bundle where it says so below.
set -euo pipefail
@VALUES@
: "${BUCKET:?the bucket to use, as in BUCKET=my-pictures}" "${WHEEL:?the program, as in WHEEL=orbifolio-@VERSION@-py3-none-any.whl}"
region="${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}"
hours="${HOURS:-$hours}" budget="${BUDGET:-25}"
export AWS_DEFAULT_REGION="$region" AWS_PAGER="" AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=7
within() { # number lowest highest
    [[ "$1" =~ ^[0-9]+(\.[0-9]+)?$ ]] && awk "BEGIN {exit !($2 <= $1 && $1 <= $3)}"
}
within "$hours" @LEAST@ @MOST@ || { echo "HOURS=$hours: a machine may live for @LEAST@ to @MOST@ hours" >&2; exit 2; }
case "$region" in @CHEAP@) ;; *) price="$(awk "BEGIN {print $price * @DISTANT@}")" ;; esac # no region costs more
launch="$(printf '%s' "$recipe_name" | tr -c 'A-Za-z0-9' - | cut -c -24)-$(date -u +%Y%m%d-%H%M%S)-$(od -An -N2 -tx1 /dev/urandom | tr -d ' ')"
work="s3://$BUCKET/launches/$launch"
minutes="$(awk "BEGIN {print int($hours * 60 + 0.5)}")"
most="$(awk "BEGIN {printf \"%.2f\", ($price + 0.016) * ($hours + 0.25)}")"
echo "$machine in $region for at most $hours h: at most \$$most at list prices"
within "$budget" "$most" 1e9 ||
    { echo "BUDGET=$budget: this may cost \$$most; set fewer HOURS, or more BUDGET" >&2; exit 2; }
if [ "${YES:-}" != 1 ]; then
    read -r -p "Begin? [y/N] " answer
    [ "$answer" = y ] || exit 1
fi
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# What travels.
mkdir -p "$scratch/bundle/recipe/$theme"
cat >"$scratch/bundle/recipe/$theme/$recipe_name.yaml" <<'END-OF-THE-RECIPE'
@RECIPE@
END-OF-THE-RECIPE
: >"$scratch/bundle/constraints.txt"
# Pictures of the recipe go below "$scratch/bundle/recipe/$theme", by the paths that it names.
tar -czf "$scratch/bundle.tar.gz" -C "$scratch/bundle" .
aws s3 cp --only-show-errors "$scratch/bundle.tar.gz" "$work/bundle.tar.gz"
aws s3 cp --only-show-errors "$WHEEL" "$work/$(basename "$WHEEL")"

# Roles. A new one takes some seconds until it is known everywhere, so what uses it is tried again for a minute.
role="orbifolio-node-$launch"
make_role() { # name path trust policy
    aws iam get-role --role-name "$1" >/dev/null 2>&1 ||
        aws iam create-role --path "$2" --role-name "$1" --assume-role-policy-document "$3" >/dev/null
    aws iam put-role-policy --role-name "$1" --policy-name orbifolio --policy-document "$4"
}
patiently() {
    local try
    for try in 1 2 3 4 5 6 7 8 9 10 11; do
        "$@" 2>"$scratch/refusal" && return
        grep -qE "ValidationException|nstance ?[pP]rofile" "$scratch/refusal" || break
        sleep "${PAUSE:-5}"
    done
    "$@"
}

# What the machine may do: read and write its own files, and the gallery.
make_role "$role" "/orbifolio/$region/" "$trust" "$(cat <<POLICY
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::$BUCKET/launches/$launch/*"},
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
   "Resource": "arn:aws:s3:::$BUCKET/gallery/*"},
  {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::$BUCKET",
   "Condition": {"StringLike": {"s3:prefix": ["launches/$launch/*", "gallery/*"]}}}]}
POLICY
)"
aws iam create-instance-profile --path "/orbifolio/$region/" --instance-profile-name "$role" >/dev/null
aws iam add-role-to-instance-profile --instance-profile-name "$role" --role-name "$role"
make_role "$guard" /orbifolio/ "$guard_trust" "$guard_policy"

# Who can reach it: nobody.
network="$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId' --output text)"
group="$(aws ec2 describe-security-groups --filters Name=group-name,Values=orbifolio-closed "Name=vpc-id,Values=$network" \
    --query 'SecurityGroups[0].GroupId' --output text)"
if [ "$group" = None ]; then
    group="$(aws ec2 create-security-group --group-name orbifolio-closed --vpc-id "$network" \
        --description "Nobody comes in" --query GroupId --output text)"
fi

# What it does. The machine's end is set before anything else.
publish="publish={\"kind\": \"s3\", \"bucket\": \"$BUCKET\", \"prefix\": \"gallery\", \"region\": \"$region\", \"every\": 2}"
{
    echo '#!/bin/bash'
    printf '%s=%q\n' launch "$launch" work "$work" region "$region" minutes "$minutes" mode run \
        paints "$paints" sender "" recipient "" wheel "$(basename "$WHEEL")"
    printf 'arguments=('
    printf '%q ' run "recipe/$theme/$recipe_name.yaml" "$publish" --out ../gallery
    echo ')'
    cat <<'END-OF-THE-MACHINE'
@NODE@
END-OF-THE-MACHINE
} >"$scratch/user-data"

image="${IMAGE:-$(aws ssm get-parameter --name "$image_parameter" --query Parameter.Value --output text)}"
disk="$(aws ec2 describe-images --image-ids "$image" --query 'Images[0].RootDeviceName' --output text)"
moment() { date -u -d "+$1 minutes" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v "+${1}M" +%Y-%m-%dT%H:%M:%SZ; }
until="$(moment "$minutes")"
tags="{Key=Name,Value=orbifolio},{Key=orbifolio:launch,Value=$launch},{Key=orbifolio:until,Value=$until},{Key=orbifolio:work,Value=$work}"

# Its end from outside, set before it is rented: five minutes after its time, whatever has this tag is ended.
schedule="orbifolio-$launch-1"
arn="$(aws iam get-role --role-name "$guard" --query Role.Arn --output text)"
request="${guard_request/@SCHEDULE@/$schedule}"
request="${request/@ROLE@/$arn}"
escaped="${request//\"/\\\"}"
at="$(moment $((minutes + 5)))"
patiently aws scheduler create-schedule --name "$schedule" --schedule-expression "at(${at%Z})" \
    --schedule-expression-timezone UTC --flexible-time-window Mode=OFF --action-after-completion DELETE \
    --target "{\"Arn\": \"$guard_target\", \"RoleArn\": \"$arn\", \"Input\": \"$escaped\",
        \"RetryPolicy\": {\"MaximumRetryAttempts\": 20, \"MaximumEventAgeInSeconds\": 3600}}" >/dev/null

tags="$tags,{Key=orbifolio:deadline,Value=$schedule}"
patiently aws ec2 run-instances --image-id "$image" --instance-type "$machine" --count 1 --client-token "$launch" \
    --instance-initiated-shutdown-behavior terminate --user-data "file://$scratch/user-data" \
    --iam-instance-profile "Name=$role" --security-group-ids "$group" \
    --metadata-options HttpTokens=required,HttpEndpoint=enabled,HttpPutResponseHopLimit=1 \
    --block-device-mappings "DeviceName=$disk,Ebs={VolumeSize=100,VolumeType=gp3,Encrypted=true,DeleteOnTermination=true}" \
    --tag-specifications "ResourceType=instance,Tags=[$tags]" \
    --query 'Instances[0].InstanceId' --output text
echo "its log:  aws s3 cp $work/log.txt -"
echo "its end:  by itself when done, and at $until at the latest; by force: aws ec2 terminate-instances --instance-ids ID"
echo "its role: $role, which costs nothing; \`orbifolio cleanup\` removes it when the machine is gone"
