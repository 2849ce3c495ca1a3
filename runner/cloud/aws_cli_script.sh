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
hours="${HOURS:-$hours}"
export AWS_DEFAULT_REGION="$region" AWS_PAGER=""
launch="$(printf '%s' "$recipe_name" | tr -c 'A-Za-z0-9' - | cut -c -24)-$(date -u +%Y%m%d-%H%M%S)-$(od -An -N2 -tx1 /dev/urandom | tr -d ' ')"
work="s3://$BUCKET/launches/$launch"
minutes="$(awk "BEGIN {print int($hours * 60 + 0.5)}")"
most="$(awk "BEGIN {printf \"%.2f\", ($price + 0.016) * ($hours + 0.25)}")"
echo "$machine in $region for at most $hours h: at most \$$most at the list price of $machine in us-east-1"
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

# What the machine may do: read and write two folders of the bucket.
role=orbifolio-by-hand
cat >"$scratch/policy.json" <<POLICY
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::$BUCKET/launches/*"},
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
   "Resource": "arn:aws:s3:::$BUCKET/gallery/*"},
  {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::$BUCKET",
   "Condition": {"StringLike": {"s3:prefix": ["launches/*", "gallery/*"]}}}]}
POLICY
if ! aws iam get-role --role-name "$role" >/dev/null 2>&1; then
    aws iam create-role --path /orbifolio/ --role-name "$role" --assume-role-policy-document "$trust" >/dev/null
    aws iam create-instance-profile --path /orbifolio/ --instance-profile-name "$role" >/dev/null
    aws iam add-role-to-instance-profile --instance-profile-name "$role" --role-name "$role"
    sleep "${PAUSE:-15}" # until it is known everywhere
fi
aws iam put-role-policy --role-name "$role" --policy-name orbifolio --policy-document "file://$scratch/policy.json"

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
until="$(date -u -d "+$minutes minutes" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v "+${minutes}M" +%Y-%m-%dT%H:%M:%SZ)"
tags="{Key=Name,Value=orbifolio},{Key=orbifolio:launch,Value=$launch},{Key=orbifolio:until,Value=$until},{Key=orbifolio:work,Value=$work}"
aws ec2 run-instances --image-id "$image" --instance-type "$machine" --count 1 --client-token "$launch" \
    --instance-initiated-shutdown-behavior terminate --user-data "file://$scratch/user-data" \
    --iam-instance-profile "Name=$role" --security-group-ids "$group" \
    --metadata-options HttpTokens=required,HttpEndpoint=enabled,HttpPutResponseHopLimit=1 \
    --block-device-mappings "DeviceName=$disk,Ebs={VolumeSize=100,VolumeType=gp3,Encrypted=true,DeleteOnTermination=true}" \
    --tag-specifications "ResourceType=instance,Tags=[$tags]" \
    --query 'Instances[0].InstanceId' --output text
echo "its log:  aws s3 cp $work/log.txt -"
echo "its end:  by itself when done, and at $until at the latest; by force: aws ec2 terminate-instances --instance-ids ID"
